import {
  decodeManifest,
  encodeManifest,
  fileCipher,
  MetainfoError,
  WrongKeyError,
  type Manifest,
  type MetainfoErrorCode,
} from '@tabswarm/content';
import { encodeBencode, type Bencode } from '@tabswarm/protocol/bencode';
import { compareBytes, concat, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import { createSeededRandom } from '@tabswarm/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSafeName } from '../src/path.ts';
import { flipBit } from './share.ts';

const MANIFEST: Manifest = {
  name: 'Holiday',
  files: [
    { path: ['a', 'b.jpg'], type: 'image/jpeg' },
    { path: ['c.txt'], type: '' },
  ],
};
const random = createSeededRandom(4);

function outcome(bytes: Bytes, count: number): MetainfoErrorCode | 'wrong-key' | 'taken' {
  try {
    decodeManifest(bytes, count);
    return 'taken';
  } catch (error) {
    if (error instanceof WrongKeyError) return 'wrong-key';
    if (error instanceof MetainfoError) return error.code;
    throw error;
  }
}

function manifestOf(...paths: string[][]): Bytes {
  return encodeManifest({ name: 'n', files: paths.map((path) => ({ path, type: '' })) });
}

describe('a manifest', () => {
  it('[CT13] gives back what it was made of', () => {
    expect(decodeManifest(encodeManifest(MANIFEST), 2)).toEqual(MANIFEST);
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isSafeName);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 10 }), name, (names, title) => {
        const sorted = names.toSorted((a, b) => compareBytes(utf8(a), utf8(b)));
        const manifest = { name: title, files: sorted.map((path) => ({ path: [path], type: 'text/plain' })) };
        expect(decodeManifest(encodeManifest(manifest), sorted.length)).toEqual(manifest);
      }),
    );
  });

  it('[CT13] is laid out as the specification says', () => {
    const text = encodeBencode(
      new Map<string, Bencode>([
        ['name', utf8('n')],
        [
          'files',
          [
            new Map<string, Bencode>([
              ['path', [utf8('x')]],
              ['type', utf8('')],
            ]),
          ],
        ],
      ]),
    );
    const expected = new Uint8Array(1024);
    expected.set(
      concat(utf8('tabswarm sealed\n'), Uint8Array.of(0, 0, 0, 1, 0, 0, 0, text.byteLength), text),
    );
    expect(manifestOf(['x'])).toEqual(expected);
  });

  it('[CT13] has a length that tells little of the names', () => {
    const lengths = [1, 50, 200].map((size) => manifestOf(['x'.repeat(size)]).byteLength);
    expect(lengths).toEqual([1024, 1024, 1024]);
    expect(
      manifestOf(...Array.from({ length: 40 }, (_, i) => [`${i + 10} ${'x'.repeat(60)}`])).byteLength % 1024,
    ).toBe(0);
  });

  it('[CT13] leaves out a media type that is too long to be one', () => {
    const files = [{ path: ['x'], type: 'a'.repeat(128) }];
    expect(decodeManifest(encodeManifest({ name: 'n', files }), 1).files[0]?.type).toBe('');
  });

  it('[CT14] opened with another key is recognised', async () => {
    const key = random.bytes(32);
    const plain = encodeManifest(MANIFEST);
    const sealed = new Uint8Array(await (await fileCipher(key, 0)).apply(0, plain));
    const open = async (with_: Bytes, file: number): Promise<Bytes> =>
      new Uint8Array(await (await fileCipher(with_, file)).apply(0, sealed));
    expect(outcome(await open(key, 0), 2)).toBe('taken');
    expect(outcome(await open(key, 1), 2)).toBe('wrong-key');
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 255 }), async (bit) => {
        expect(outcome(await open(flipBit(key, bit), 0), 2)).toBe('wrong-key');
      }),
    );
    expect(outcome(new Uint8Array(), 0)).toBe('wrong-key');
    expect(outcome(sealed, 2)).toBe('wrong-key');
  });

  it('[CT13] tells of as many files as the share has', () => {
    expect(outcome(encodeManifest(MANIFEST), 1)).toBe('malformed');
    expect(outcome(encodeManifest(MANIFEST), 3)).toBe('malformed');
  });

  it('[CT6] names nothing unsafe', () => {
    for (const name of ['..', '.', '', 'a/b', 'a\\b', '\0', '\u202e']) {
      expect(outcome(manifestOf([name]), 1)).toBe('unsafe-path');
      expect(outcome(manifestOf(['a', name]), 1)).toBe('unsafe-path');
      expect(outcome(encodeManifest({ name, files: [] }), 0)).toBe('unsafe-path');
    }
    expect(outcome(manifestOf([]), 1)).toBe('unsafe-path');
  });

  it('[CT7] has one thing at each path, in order', () => {
    expect(outcome(manifestOf(['a'], ['a']), 2)).toBe('malformed');
    expect(outcome(manifestOf(['b'], ['a']), 2)).toBe('malformed');
    expect(outcome(manifestOf(['a'], ['a', 'b']), 2)).toBe('duplicate-path');
    expect(outcome(manifestOf(['a', 'b'], ['a!']), 2)).toBe('taken');
  });

  it('[CT13] of a newer version is called so, and what is not zero after it is refused', () => {
    const changed = (at: number, byte: number): Bytes => {
      const out = encodeManifest(MANIFEST);
      out[at] = byte;
      return out;
    };
    expect(outcome(changed(19, 2), 2)).toBe('too-new');
    expect(outcome(changed(19, 0), 2)).toBe('malformed');
    expect(outcome(changed(1023, 1), 2)).toBe('malformed');
    expect(outcome(changed(20, 255), 2)).toBe('malformed');
    expect(outcome(encodeManifest(MANIFEST).slice(0, 20), 2)).toBe('malformed');
  });

  it('[CT16] of any bytes is taken or refused with an error of its own', () => {
    const good = encodeManifest(MANIFEST);
    const mutated = fc
      .array(fc.tuple(fc.nat({ max: 150 }), fc.nat({ max: 255 })), { maxLength: 5 })
      .map((changes) => {
        const out = good.slice();
        for (const [at, byte] of changes) out[at + 16] = byte;
        return out;
      });
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => concat(good.subarray(0, 20), bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, random), (bytes) => {
        outcome(bytes, 2);
      }),
      { numRuns: 5000 },
    );
  });
});
