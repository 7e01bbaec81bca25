import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../src/bytes.ts';
import { ProtocolError } from '../src/error.ts';
import type { NodeId } from '../src/ids.ts';
import { bool, bytes, dict, id, int, list, message, oneOf, optional, tagged, text } from '../src/schema.ts';
import { bytesOf, idOf, mutated } from './support.ts';

const codec = message(
  tagged({
    put: dict({
      key: id<NodeId>(),
      value: bytes({ min: 1, max: 8 }),
      exact: bytes(4),
      count: int(-5, 5),
      flag: bool,
      name: text(12),
      mood: oneOf('glad', 'sad'),
      items: list(int(0, 9), { max: 3 }),
      note: optional(text(20)),
    }),
    ping: dict({}),
  }),
  { maxBytes: 300 },
);
type Message = ReturnType<typeof codec.decode>;

const shortText = (maxBytes: number) =>
  fc.string({ unit: 'grapheme' }).filter((value) => utf8(value).byteLength <= maxBytes);
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.constant({ type: 'ping' } as const),
  fc.record(
    {
      type: fc.constant('put' as const),
      key: idOf<NodeId>(),
      value: bytesOf({ minLength: 1, maxLength: 8 }),
      exact: bytesOf({ minLength: 4, maxLength: 4 }),
      count: fc.integer({ min: -5, max: 5 }),
      flag: fc.boolean(),
      name: shortText(12),
      mood: fc.constantFrom('glad', 'sad'),
      items: fc.array(fc.nat(9), { maxLength: 3 }),
      note: shortText(20),
    },
    { requiredKeys: ['type', 'key', 'value', 'exact', 'count', 'flag', 'name', 'mood', 'items'] },
  ),
);

const sample: Extract<Message, { type: 'put' }> = {
  type: 'put',
  key: 'ab'.repeat(32) as NodeId,
  value: Uint8Array.of(1),
  exact: Uint8Array.of(1, 2, 3, 4),
  count: 0,
  flag: true,
  name: 'n',
  mood: 'glad',
  items: [],
};

const refused = (change: object): string | undefined => {
  try {
    codec.decode(codec.encode({ ...sample, ...change }));
    return undefined;
  } catch (cause) {
    return cause instanceof ProtocolError ? cause.code : String(cause);
  }
};

describe('schemas', () => {
  it('[EN1] give back what was encoded', () => {
    fc.assert(
      fc.property(anyMessage, (value) => {
        expect(codec.decode(codec.encode(value))).toEqual(value);
      }),
    );
  });

  it('refuse values outside of their limits', () => {
    expect(refused({})).toBeUndefined();
    expect(refused({ value: new Uint8Array() })).toBe('malformed');
    expect(refused({ value: new Uint8Array(9) })).toBe('malformed');
    expect(refused({ exact: new Uint8Array(3) })).toBe('malformed');
    expect(refused({ count: 6 })).toBe('malformed');
    expect(refused({ count: -6 })).toBe('malformed');
    expect(refused({ name: 'thirteen byte' })).toBe('malformed');
    expect(refused({ mood: 'angry' })).toBe('unknown');
    expect(refused({ items: [1, 2, 3, 4] })).toBe('too-large');
    expect(refused({ items: [10] })).toBe('malformed');
  });

  it('refuse values of another kind, and missing fields', () => {
    for (const raw of ['i1e', '4:ping', 'le', 'de', 'd4:typei1ee', 'd4:type3:pute', 'd4:type0:e']) {
      expect(() => codec.decode(utf8(raw))).toThrow(ProtocolError);
    }
    const withText = message(dict({ a: text(4), b: optional(list(bool, { max: 1 })) }), { maxBytes: 50 });
    const broken = Uint8Array.from([...utf8('d1:a2:'), 0xc3, 0x28, ...utf8('e')]);
    expect(() => withText.decode(broken)).toThrow(expect.objectContaining({ code: 'malformed' }));
    expect(() => withText.decode(utf8('d1:a1:x1:bi1ee'))).toThrow(ProtocolError);
    expect(() => withText.decode(utf8('d1:a1:x1:bli2eee'))).toThrow(ProtocolError);
    expect(withText.decode(utf8('d1:a1:xe'))).toEqual({ a: 'x' });
  });

  it('[EN3] refuse a type that they do not know, with the code `unknown`', () => {
    for (const raw of ['d4:type5:othere', 'd4:type8:toStringe', 'd4:type9:__proto__e']) {
      expect(() => codec.decode(utf8(raw))).toThrow(expect.objectContaining({ code: 'unknown' }));
    }
  });

  it('[EN3] pass over fields that they do not know', () => {
    expect(codec.decode(utf8('d5:later3:yes4:type4:pinge'))).toEqual({ type: 'ping' });
  });

  it('[EN4] refuse a message that is too long before they decode it, and do not encode one', () => {
    const raw = utf8(`d5:later280:${'x'.repeat(280)}4:type4:pinge`);
    expect(raw.byteLength).toBeGreaterThan(300);
    expect(() => codec.decode(raw)).toThrow(expect.objectContaining({ code: 'too-large' }));
    // Not even looked at: these bytes are no message at all.
    expect(() => codec.decode(new Uint8Array(301))).toThrow(expect.objectContaining({ code: 'too-large' }));
    const long = message(dict({ a: bytes({ max: 100 }) }), { maxBytes: 50 });
    expect(() => long.encode({ a: new Uint8Array(60) })).toThrow(RangeError);
  });

  it('[EN5] answer any bytes with a value or a ProtocolError', () => {
    const frames = fc.oneof(
      bytesOf({ maxLength: 320 }),
      anyMessage.chain((value) => mutated(codec.encode(value))),
    );
    let accepted = 0;
    fc.assert(
      fc.property(frames, (frame) => {
        try {
          codec.decode(frame);
          accepted += 1;
        } catch (cause) {
          expect(cause).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
