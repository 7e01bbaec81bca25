import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  concat,
  equalBytes,
  fromBase64Url,
  fromHex,
  fromUtf8,
  sha256,
  toBase64Url,
  toHex,
  utf8,
} from '../src/bytes.ts';
import { bytesOf } from './support.ts';

const anyBytes = bytesOf({ maxLength: 80 });

describe('bytes as text', () => {
  it('go through hexadecimal and base64url and come back', () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
        expect(fromHex(toHex(bytes).toUpperCase())).toEqual(bytes);
        expect(toBase64Url(bytes)).toMatch(/^[\w-]*$/);
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
      }),
    );
    expect(toHex(Uint8Array.of(0, 15, 255))).toBe('000fff');
    expect(toBase64Url(Uint8Array.of(251, 255, 254))).toBe('-__-');
  });

  it('are refused in other forms', () => {
    for (const text of ['a', 'zz', '0x', ' 00', '00 ', '+1'])
      expect(() => fromHex(text)).toThrow(SyntaxError);
    for (const text of ['a', 'ab==', 'a+b/', 'ab c', 'abcde']) {
      expect(() => fromBase64Url(text)).toThrow(SyntaxError);
    }
  });

  it('go through UTF-8 and come back; what is not UTF-8 is refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
      }),
    );
    // A byte order mark is text like any other.
    expect(fromUtf8(utf8('\ufeffa'))).toBe('\ufeffa');
    expect(() => fromUtf8(Uint8Array.of(0xc3, 0x28))).toThrow(TypeError);
  });
});

describe('bytes', () => {
  it('join, compare and order as arrays do', () => {
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        expect([...concat(a, b)]).toEqual([...a, ...b]);
        expect(equalBytes(a, b)).toBe(toHex(a) === toHex(b));
        const [left, right] = [toHex(a), toHex(b)];
        expect(Math.sign(compareBytes(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0);
      }),
    );
    expect(concat()).toEqual(new Uint8Array());
  });

  it('have the digests that FIPS 180-4 gives', async () => {
    expect(toHex(await sha256(utf8('abc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
