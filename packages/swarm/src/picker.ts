import { shuffled, type Random } from '@tabswarm/base';
import { hasBit } from './bitfield.ts';

/** Blocks chosen at random before rarity counts: a newcomer soon has something that others lack. */
const RANDOM_FIRST_BLOCKS = 4;
/** Near the end a block may be asked of so many sources at once. */
const MAX_DUPLICATES = 2;
/** Blocks among which the rarest is looked for: enough that rare ones spread, however large the share. */
const MAX_CANDIDATES = 512;
/** A block that one source alone holds (or that is asked of one) cannot be undercut. */
const LEAST_COST = 1;

/**
 * Which block to ask a source for next: urgent ones, then the first few at random, then the one that the fewest sources hold
 * (Legout et al., "Rarest First and Choke Algorithms Are Enough", IMC 2006), and when all that is missing has been asked
 * for, again what is slow to come.
 */
export interface Picker {
  /** The blocks of a source that came, or (with -1) went. */
  count(have: Uint8Array, by: 1 | -1): void;
  countOne(index: number): void;
  /** The block is here. */
  done(index: number): void;
  missing(): number;
  /** Undefined where the source holds nothing that is wanted. `mine` says what it is not to be asked for (again). */
  pick(have: Uint8Array, mine: (index: number) => boolean): number | undefined;
  asked(index: number): void;
  /** Asked for, and it will not come from there. */
  released(index: number): void;
}

export function createPicker(
  { blockCount, urgentBlocks }: { readonly blockCount: number; readonly urgentBlocks: number },
  have: Uint8Array,
  random: Random,
): Picker {
  const holders = new Uint16Array(blockCount);
  const asked = new Uint8Array(blockCount);
  const all = Array.from({ length: blockCount }, (_, index) => index);
  const missing = new Set(all.filter((index) => !hasBit(have, index)));
  /** What is missing in random order, so that the first of several equals is any of them; and what came since. */
  const order = shuffled(random, missing);
  let unasked = missing.size;

  /** The cheapest of what can be used; among many it looks at some, since all of them would be looked at for each block. */
  const choose = (
    usable: (index: number) => boolean,
    cost: (index: number) => number,
  ): number | undefined => {
    let best: number | undefined;
    let bestCost = Infinity;
    let seen = 0;
    for (let at = 0; at < order.length && seen < MAX_CANDIDATES && bestCost > LEAST_COST; at += 1) {
      while (at < order.length && !missing.has(order[at] ?? 0)) {
        const last = order.pop();
        if (at < order.length && last !== undefined) order[at] = last;
      }
      const index = order[at];
      if (index === undefined || !usable(index)) continue;
      seen += 1;
      const price = cost(index);
      if (price >= bestCost) continue;
      best = index;
      bestCost = price;
    }
    return best;
  };

  const firstUrgent = (usable: (index: number) => boolean): number | undefined => {
    for (let index = 0; index < urgentBlocks; index += 1)
      if (missing.has(index) && usable(index)) return index;
    return undefined;
  };

  return {
    count(bits, by) {
      for (let index = 0; index < blockCount; index += 1) {
        if (hasBit(bits, index)) holders[index] = Math.max(0, (holders[index] ?? 0) + by);
      }
    },
    countOne(index) {
      holders[index] = (holders[index] ?? 0) + 1;
    },
    done(index) {
      if (missing.delete(index) && asked[index] === 0) unasked -= 1;
    },
    missing: () => missing.size,
    pick(bits, mine) {
      const fresh = (index: number): boolean => asked[index] === 0 && hasBit(bits, index) && !mine(index);
      const first = blockCount - missing.size < RANDOM_FIRST_BLOCKS;
      const rarity = first ? () => LEAST_COST : (index: number) => holders[index] ?? 0;
      const wanted = firstUrgent(fresh) ?? choose(fresh, rarity);
      if (wanted !== undefined || unasked > 0) return wanted;
      return choose(
        (index) => (asked[index] ?? 0) < MAX_DUPLICATES && hasBit(bits, index) && !mine(index),
        (index) => asked[index] ?? 0,
      );
    },
    asked(index) {
      if (asked[index] === 0 && missing.has(index)) unasked -= 1;
      asked[index] = (asked[index] ?? 0) + 1;
    },
    released(index) {
      asked[index] = Math.max(0, (asked[index] ?? 0) - 1);
      if (asked[index] === 0 && missing.has(index)) unasked += 1;
    },
  };
}
