import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Root } from '../src/ids.ts';
import { MAX_WANTED_RANGES, swarmMessage, type SwarmMessage } from '../src/swarm.ts';
import { idOf } from './support.ts';

const root = 'ab'.repeat(32) as Root;

/** Ranges in order that do not touch, from gaps and lengths. */
const anyRanges = fc
  .array(fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 500 })), { maxLength: MAX_WANTED_RANGES })
  .map((steps) => {
    let at = 0;
    return steps.flatMap(([gap, length]) => {
      const first = at === 0 ? gap : at + 1 + gap;
      at = first + length;
      return [first, at];
    });
  });

const wantOf = (ranges: readonly number[]): SwarmMessage => ({ type: 'want', root, ranges, now: true });

const blocksOf = (bounds: readonly number[]): Set<number> => {
  const blocks = new Set<number>();
  for (let at = 0; at < bounds.length; at += 2)
    for (let index = bounds[at] ?? 0; index < (bounds[at + 1] ?? 0); index += 1) blocks.add(index);
  return blocks;
};

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
    ['a range backwards', [5, 3]],
    ['half a range', [0, 5, 7]],
  ])('[UP12] is refused where it has %s', (_, ranges) => {
    expect(() => swarmMessage.decode(swarmMessage.encode(wantOf(ranges)))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });

  it.each([
    ['no empty ones', [0, 0, 4, 5, 7, 7], [4, 5]],
    ['ascending ones', [4, 5, 0, 1], [0, 1, 4, 5]],
    ['one in place of two that overlap', [4, 8, 0, 5], [0, 8]],
    ['one in place of two that touch', [0, 5, 5, 8], [0, 8]],
    ['none within another', [0, 9, 2, 4], [0, 9]],
  ])('[UP12] is of %s', (_, said, heard) => {
    expect(swarmMessage.decode(swarmMessage.encode(wantOf(said)))).toEqual(wantOf(heard));
  });

  it('[UP12] is of the same blocks as what was said, in ascending ranges', () => {
    const range = fc.tuple(fc.nat(40), fc.nat(8)).map(([first, length]) => [first, first + length]);
    fc.assert(
      fc.property(fc.array(range, { maxLength: MAX_WANTED_RANGES }), (ranges) => {
        const message = swarmMessage.decode(swarmMessage.encode(wantOf(ranges.flat())));
        const heard = message.type === 'want' ? message.ranges : [];
        expect(blocksOf(heard)).toEqual(blocksOf(ranges.flat()));
        expect(heard.every((bound, at) => at === 0 || bound > (heard[at - 1] ?? 0))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
