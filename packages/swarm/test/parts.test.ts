import { equalBytes } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import { decodePart, encodePart, PART_BYTES, PART_HEADER_BYTES } from '@tabswarm/protocol/swarm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAssembly } from '../src/assembly.ts';

describe('parts of an answer', () => {
  it('[EX9] come together in any order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4 * PART_BYTES }),
        fc.infiniteStream(fc.nat()),
        (total, order) => {
          const whole = Uint8Array.from({ length: total }, (_, i) => (i * 31) & 255);
          const parts = [];
          for (let offset = 0; offset === 0 || offset < total; offset += PART_BYTES) {
            const payload = whole.subarray(offset, offset + PART_BYTES);
            parts.push(decodePart(encodePart({ request: 7, total, offset, payload })));
          }
          const mixed = parts
            .map((part) => ({ part, at: order.next().value }))
            .toSorted((a, b) => a.at - b.at);
          const assembly = createAssembly({ exact: total });
          const done = mixed.map(({ part }) => assembly.add(part));
          expect(done).toEqual(mixed.map((_, i) => i === mixed.length - 1));
          expect(equalBytes(new Uint8Array(assembly.bytes()), whole)).toBe(true);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('[EX9] are refused out of place, twice, or of another total', () => {
    const message = encodePart({ request: 1, total: 100, offset: 0, payload: new Uint8Array(99) });
    expect(() => decodePart(message)).toThrow(ProtocolError);
    expect(() => decodePart(new Uint8Array(PART_HEADER_BYTES - 1))).toThrow(ProtocolError);
    expect(() => decodePart(new Uint8Array(PART_HEADER_BYTES + PART_BYTES + 1))).toThrow(ProtocolError);
    const whole = decodePart(encodePart({ request: 1, total: 100, offset: 0, payload: new Uint8Array(100) }));
    expect(() => createAssembly({ exact: 99 }).add(whole)).toThrow(ProtocolError);
    expect(() => createAssembly({ max: 99 }).add(whole)).toThrow(ProtocolError);
    const first = { request: 1, total: 2 * PART_BYTES, offset: 0, payload: new Uint8Array(PART_BYTES) };
    const assembly = createAssembly({ exact: 2 * PART_BYTES });
    assembly.add(first);
    expect(() => assembly.add(first)).toThrow(ProtocolError);
  });

  it('[EX9] any bytes are a part or a ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodePart(bytes);
        } catch (cause) {
          expect(cause).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
