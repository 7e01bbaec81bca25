import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../src/error.ts';
import type { Root } from '../src/ids.ts';
import { MAX_WANTED_RANGES, swarmMessage, type SwarmMessage } from '../src/swarm.ts';
import { idOf } from './support.ts';

const MAX_BLOCKS = 15 * 1024 * 8;
const root = 'ab'.repeat(32) as Root;

/** Ranges in order, from gaps and lengths. */
const anyRanges = fc
  .array(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 500 })), { maxLength: MAX_WANTED_RANGES })
  .map((steps) => {
    let at = 0;
    return steps.flatMap(([gap, length]) => {
      const first = at + gap;
      at = first + length;
      return [first, at];
    });
  });

const wantOf = (ranges: readonly number[]): SwarmMessage => ({ type: 'want', root, ranges, now: true });

describe('what is wanted of a share', () => {
  it('[UP12] comes back as it was said', () => {
    fc.assert(
      fc.property(idOf<Root>(), anyRanges, fc.boolean(), (share, ranges, now) => {
        const want = { type: 'want' as const, root: share, ranges, now };
        expect(swarmMessage.decode(swarmMessage.encode(want))).toEqual(want);
      }),
    );
  });

  it.each([
    ['empty ranges', [3, 3]],
    ['an empty one at the beginning', [0, 0, 4, 5]],
    ['a range backwards', [5, 3]],
    ['ranges in another order', [4, 5, 0, 1]],
    ['one that overlaps another', [0, 5, 4, 8]],
    ['one said twice', [0, 5, 0, 5]],
    ['half a range', [0, 5, 7]],
  ])('[UP12] is refused where it has %s', (_, ranges) => {
    expect(() => swarmMessage.decode(swarmMessage.encode(wantOf(ranges)))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });

  it('[UP12] is of ascending ranges whatever was decoded', () => {
    const bound = fc.oneof(fc.nat(20), fc.nat(MAX_BLOCKS));
    fc.assert(
      fc.property(fc.array(bound, { maxLength: 2 * MAX_WANTED_RANGES }), (bounds) => {
        const isAhead = (bound: number, at: number): boolean => {
          const before = bounds[at - 1] ?? 0;
          return at % 2 === 0 ? bound >= before : bound > before;
        };
        const isFit = bounds.length % 2 === 0 && bounds.every((bound, at) => isAhead(bound, at));
        const decode = () => swarmMessage.decode(swarmMessage.encode(wantOf(bounds)));
        if (isFit) expect(decode()).toMatchObject({ ranges: bounds });
        else expect(decode).toThrow(ProtocolError);
      }),
      { numRuns: 2_000 },
    );
  });
});
