import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBencode, encodeBencode, type Bencode } from '../src/bencode.ts';
import { fromUtf8, utf8 } from '../src/bytes.ts';
import { ProtocolError } from '../src/error.ts';
import { bytesOf, mutated } from './support.ts';

const { value: anyValue } = fc.letrec<{ value: Bencode }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.maxSafeInteger(),
    bytesOf({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .dictionary(fc.string({ unit: 'grapheme', maxLength: 6 }), tie('value'), { maxKeys: 5 })
      .map((fields) => new Map(Object.entries(fields))),
  ),
}));

const decode = (text: string): Bencode => decodeBencode(utf8(text));
const refusal = (text: string): string | undefined => {
  try {
    decode(text);
    return undefined;
  } catch (cause) {
    return cause instanceof ProtocolError ? cause.code : 'not a ProtocolError';
  }
};

describe('bencoding', () => {
  it('[EN1] gives back what was encoded', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(decodeBencode(encodeBencode(value))).toEqual(sorted(value));
      }),
    );
  });

  it('[EN1] has one encoding per value: whatever decodes encodes to the same bytes', () => {
    let decoded = 0;
    fc.assert(
      fc.property(
        anyValue.chain((value) => mutated(encodeBencode(value))),
        (bytes) => {
          let value;
          try {
            value = decodeBencode(bytes);
          } catch (cause) {
            expect(cause).toBeInstanceOf(ProtocolError);
            return;
          }
          decoded += 1;
          expect(encodeBencode(value)).toEqual(bytes);
        },
      ),
      { numRuns: 3_000 },
    );
    // Otherwise this would say nothing about values that decode.
    expect(decoded).toBeGreaterThan(100);
  });

  it('[EN1] writes the forms of BEP 3', () => {
    const value = new Map<string, Bencode>([
      ['b', [1, -20, 0]],
      ['a', utf8('text')],
      ['', new Map()],
    ]);
    expect(fromUtf8(encodeBencode(value))).toBe('d0:de1:a4:text1:bli1ei-20ei0eee');
    expect(() => encodeBencode(1.5)).toThrow(TypeError);
    expect(() => encodeBencode(2 ** 53)).toThrow(TypeError);
  });

  it.each([
    '',
    'i01e',
    'i-0e',
    'i00e',
    'ie',
    'i-e',
    'i1',
    'i1.5e',
    'i+1e',
    'i 1e',
    'i9007199254740992e',
    'i99999999999999999999e',
    '5:four',
    '01:a',
    '-1:a',
    '9999999999:a',
    ':',
    'l',
    'd',
    'd1:a',
    'd1:ai1e',
    'di1ei1ee',
    'd1:bi1e1:ai1ee',
    'd1:ai1e1:ai1ee',
    'i1ei1e',
    'i1e ',
    'x',
    'e',
  ])('[EN1] refuses %j', (text) => {
    expect(refusal(text)).toBe('malformed');
  });

  it('[EN1] orders keys by their bytes, not by UTF-16', () => {
    // U+FF5E stands before U+1F600 in UTF-8, behind it in UTF-16.
    const value = new Map([
      ['\u{1f600}', 1],
      ['\uff5e', 2],
    ]);
    const bytes = encodeBencode(value);
    expect([...(decodeBencode(bytes) as Map<string, Bencode>).keys()]).toEqual(['\uff5e', '\u{1f600}']);
  });

  it('[EN2] takes keys of UTF-8 only', () => {
    const bytes = Uint8Array.from([...utf8('d1:'), 0xff, ...utf8('i1ee')]);
    expect(() => decodeBencode(bytes)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it('[EN2] takes values nested 16 deep, and no deeper', () => {
    expect(refusal(nested(17))).toBeUndefined();
    expect(refusal(nested(18))).toBe('too-large');
    expect(refusal(nested(100_000))).toBe('too-large');
    expect(refusal('l'.repeat(100_000))).toBe('too-large');
  });

  it('[EN2] takes 100,000 values, and no more', () => {
    expect(refusal(`l${'le'.repeat(99_999)}e`)).toBeUndefined();
    expect(refusal(`l${'le'.repeat(100_000)}e`)).toBe('too-large');
  });

  it('[EN5] answers any bytes with a value or a ProtocolError', () => {
    const looksRight = fc
      .array(fc.constantFrom('d', 'l', 'e', 'i', '-', ':', '0', '1', '2', '9', 'a'), { maxLength: 40 })
      .map((parts) => utf8(parts.join('')));
    fc.assert(
      fc.property(fc.oneof(bytesOf({ maxLength: 200 }), looksRight), (bytes) => {
        try {
          decodeBencode(bytes);
        } catch (cause) {
          expect(cause).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

/** With dictionary keys in the order in which they decode. */
function sorted(value: Bencode): Bencode {
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, sorted(item)]));
  return Array.isArray(value) ? (value as Bencode[]).map(sorted) : value;
}

/** Lists, one in the other. */
function nested(lists: number): string {
  return 'l'.repeat(lists) + 'e'.repeat(lists);
}
