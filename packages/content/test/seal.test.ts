import { fileCipher } from '@tabswarm/content';
import { toHex, utf8 } from '@tabswarm/protocol/bytes';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patternBytes } from './share.ts';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const PLAIN = utf8('the quick brown fox jumps over it');

describe('sealing', () => {
  // Made with Python's hmac (HKDF by RFC 5869) and `openssl enc -aes-256-ctr`.
  it.each([
    [0, 0, 'e1f72db860bbb339208d5f6cbb3c3228d2ffb237109ede8c51dd04781d2c84921d'],
    [0, 262_144, '94ded513d8f8bb2e860dd6bee9ff779bf119ef0c8748a19b319b09e8b031d58e8a'],
    [7, 0, 'a689665a9171ad9b4a04b891186e92d1f51a3bbe21ca85074e86c31feb84c8bfcc'],
    [7, 262_144, 'bd63fb016c02341e7617f6e4c9e23fe91f5dd3d5cd13a75aec8468aeaaaa89b67e'],
  ])('[CT11] of file %i at %i is AES-256-CTR with a key by HKDF', async (file, offset, sealed) => {
    const cipher = await fileCipher(KEY, file);
    expect(toHex(new Uint8Array(await cipher.apply(offset, PLAIN)))).toBe(sealed);
  });

  it('[CT11] keeps the length, and any stretch opens by itself', async () => {
    const data = patternBytes(5000, 1);
    const cipher = await fileCipher(KEY, 3);
    const sealed = new Uint8Array(await cipher.apply(0, data));
    expect(sealed.byteLength).toBe(data.byteLength);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 300 }), fc.nat({ max: 5000 }), async (block, size) => {
        const at = block * 16;
        const opened = await cipher.apply(at, sealed.slice(at, at + size));
        expect(new Uint8Array(opened)).toEqual(data.slice(at, at + size));
      }),
    );
  });

  it('[CT11] goes beyond 4 GiB without meeting its own key stream again', async () => {
    const cipher = await fileCipher(KEY, 0);
    const streams = await Promise.all(
      [0, 2 ** 32, 2 ** 36, 2 ** 40].map(async (at) =>
        toHex(new Uint8Array(await cipher.apply(at, new Uint8Array(16)))),
      ),
    );
    expect(new Set(streams).size).toBe(streams.length);
  });

  it('[CT11] takes keys of 32 bytes and stretches at multiples of 16 only', async () => {
    await expect(fileCipher(KEY.slice(1), 0)).rejects.toBeInstanceOf(RangeError);
    const cipher = await fileCipher(KEY, 0);
    expect(() => cipher.apply(8, PLAIN)).toThrow(RangeError);
  });
});
