import { createSeededRandom } from '@tabswarm/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitfieldBytes, hasBit, setBit } from '../src/bitfield.ts';
import { createPicker, type Asked, type Picker } from '../src/picker.ts';

const SOURCE: Asked = { mine: () => false, inTime: () => true, others: () => 0, gain: () => 0 };
/** Before rarity counts, so many blocks are chosen at random. */
const RANDOM_FIRST = 4;

function bitsOf(indexes: readonly number[], count: number): Uint8Array {
  const bits = new Uint8Array(bitfieldBytes(count));
  for (const index of indexes) setBit(bits, index);
  return bits;
}

const every = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** A picker of a share in which these blocks are here already, and as many sources hold each as is said. */
function createPickerOf({
  here,
  holders,
  seed,
}: {
  readonly here: readonly number[];
  readonly holders: readonly number[];
  readonly seed: number;
}): Picker {
  const count = holders.length;
  const lengths = new Uint32Array(count).fill(1);
  const options = { lengths, urgentBlocks: 0, windows: () => [], priorities: undefined };
  const picker = createPicker(options, bitsOf(here, count), createSeededRandom(seed));
  for (const [index, times] of holders.entries())
    for (let time = 0; time < times; time += 1) picker.countOne(index);
  return picker;
}

/** What is asked for, one block after the other, of a source that holds these. */
function orderOf(picker: Picker, have: Uint8Array, steps: number): number[] {
  return Array.from({ length: steps }, () => {
    const index = picker.pick(have, SOURCE) ?? -1;
    if (index >= 0) picker.asked(index);
    return index;
  });
}

describe('which block is asked for next', () => {
  it('[EX27] is of those that a source holds the one that the fewest hold', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ holders: fc.integer({ min: 1, max: 9 }), held: fc.boolean() }), {
          minLength: 1,
          maxLength: 60,
        }),
        fc.nat(),
        (blocks, seed) => {
          const count = RANDOM_FIRST + blocks.length;
          const holders = [...every(RANDOM_FIRST).map(() => 1), ...blocks.map((block) => block.holders)];
          const held = every(count).filter((index) => blocks[index - RANDOM_FIRST]?.held === true);
          const picker = createPickerOf({ here: every(RANDOM_FIRST), holders, seed });
          const order = orderOf(picker, bitsOf(held, count), held.length);
          expect(order.toSorted((a, b) => a - b)).toEqual(held);
          const rarities = order.map((index) => holders[index] ?? 0);
          expect(rarities).toEqual(rarities.toSorted((a, b) => a - b));
        },
      ),
    );
  });

  it('[EX27] changes with who comes and goes', () => {
    const picker = createPickerOf({ here: every(4), holders: [1, 1, 1, 1, 3, 2], seed: 1 });
    const all = bitsOf(every(6), 6);
    expect(picker.pick(all, SOURCE)).toBe(5);
    const gone = bitsOf([4], 6);
    picker.count(gone, -1);
    picker.count(gone, -1);
    expect(picker.pick(all, SOURCE)).toBe(4);
  });

  it('[EX27] is any of several that as many hold, another for another tab', () => {
    const picks = every(20).map((tab) => {
      const picker = createPickerOf({ here: every(4), holders: every(40).map(() => 2), seed: tab });
      return picker.pick(bitsOf(every(40), 40), SOURCE);
    });
    expect(new Set(picks).size).toBeGreaterThan(10);
  });

  it('[EX27] is any block at all for who has fewer than four', () => {
    const holders = every(40).map((index) => 1 + index);
    const picks = every(20).map((tab) => {
      const picker = createPickerOf({ here: every(3), holders, seed: tab });
      return picker.pick(bitsOf(every(40), 40), SOURCE) ?? 0;
    });
    expect(picks.some((index) => index > 20)).toBe(true);
    expect(picks.every((index) => !hasBit(bitsOf(every(3), 40), index))).toBe(true);
  });
});
