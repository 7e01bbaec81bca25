import { shuffled, type Random } from '@tabswarm/base';
import { hasBit } from './bitfield.ts';
import { FIRST, SKIPPED } from './library.ts';
import type { Window } from './urges.ts';

/** Blocks chosen at random before rarity counts: a newcomer soon has something that others lack. */
const RANDOM_FIRST_BLOCKS = 4;
/** Where somebody waits for it, a block may be asked of so many sources of use at once, and at the end of one more. */
const MAX_DUPLICATES = 2;
/** Blocks among which the rarest is looked for: enough that rare ones spread, however large the share. */
const MAX_CANDIDATES = 512;
/** A block that one source alone holds (or that is asked of one) cannot be undercut. */
const LEAST_COST = 1;

/**
 * Which block to ask a source for next: urgent ones, those that are read one after the other, then the first few at
 * random, then the one that the fewest sources hold (Legout et al., "Rarest First and Choke Algorithms Are Enough", IMC
 * 2006), of the files to be had first before all others; and when all that is wanted has been asked for, again what would
 * come later from whoever was asked.
 */
export interface Picker {
  /** The blocks of a source that came, or (with -1) went. */
  count(have: Uint8Array, by: 1 | -1): void;
  countOne(index: number): void;
  /** The block is here. */
  done(index: number): void;
  /** Which blocks are wanted has changed. */
  want(priorities: Uint8Array | undefined): void;
  /** Bytes that are wanted and not here. */
  missingBytes(): number;
  /** All that is wanted is here, and all that is being read. */
  isDone(): boolean;
  /** Undefined where the source holds nothing that is wanted, or that it should be asked for. */
  pick(have: Uint8Array, source: Asked): number | undefined;
  asked(index: number): void;
  /** Asked for, and it will not come from there. */
  released(index: number): void;
}

/** The source that a block is picked for. */
export interface Asked {
  /** What it is not to be asked for (again). */
  readonly mine: (index: number) => boolean;
  /** Whether it would bring the block before the others had brought all that is missing. Not asked of what it alone has. */
  readonly inTime: (index: number) => boolean;
  /** Of how many others it was asked that may still bring it. */
  readonly others: (index: number) => number;
  /** By how many seconds it would bring a block sooner than those who were asked for it; 0 where that does not pay. */
  readonly gain: (index: number) => number;
}

export interface PickerOptions {
  /** Bytes of each block. */
  readonly lengths: Uint32Array;
  readonly urgentBlocks: number;
  /** What is being read now, whether it was chosen or not. */
  readonly windows: () => Iterable<Window>;
  /** As `Holding.priorities`. */
  readonly priorities: Uint8Array | undefined;
}

export function createPicker(
  { lengths, urgentBlocks, windows, priorities }: PickerOptions,
  have: Uint8Array,
  random: Random,
): Picker {
  const blockCount = lengths.length;
  const holders = new Uint16Array(blockCount);
  const asked = new Uint8Array(blockCount);
  const here = new Uint8Array(blockCount);
  let kept = 0;
  for (let index = 0; index < blockCount; index += 1) {
    if (!hasBit(have, index)) continue;
    here[index] = 1;
    kept += 1;
  }
  /** What is wanted and not here, and how much of it nobody was asked for. */
  let missing = new Set<number>();
  let missingBytes = 0;
  let unasked = 0;
  /**
   * The same in random order, so that the first of several equals is any of them; and what came since. First what is to be
   * had first.
   */
  let orders: number[][] = [];

  const want = (wanted: Uint8Array | undefined): void => {
    const lacking = Array.from({ length: blockCount }, (_, index) => index).filter(
      (index) => here[index] === 0 && wanted?.[index] !== SKIPPED,
    );
    missing = new Set(lacking);
    missingBytes = lacking.reduce((sum, index) => sum + (lengths[index] ?? 0), 0);
    unasked = lacking.filter((index) => asked[index] === 0).length;
    const isFirst = (index: number): boolean => wanted?.[index] === FIRST;
    const first = lacking.filter((index) => isFirst(index));
    const others = wanted ? lacking.filter((index) => !isFirst(index)) : lacking;
    orders = [first, others].map((indexes) => shuffled(random, indexes));
  };
  want(priorities);

  /** The cheapest of what can be used; among many it looks at some, since all of them would be looked at for each block. */
  const chooseFrom = (
    order: number[],
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
  const choose = (
    usable: (index: number) => boolean,
    cost: (index: number) => number,
  ): number | undefined => {
    for (const order of orders) {
      const best = chooseFrom(order, usable, cost);
      if (best !== undefined) return best;
    }
    return undefined;
  };

  const firstUrgent = (usable: (index: number) => boolean): number | undefined => {
    for (let index = 0; index < urgentBlocks; index += 1)
      if (missing.has(index) && usable(index)) return index;
    return undefined;
  };

  /** Of what is read, that which its reader comes to soonest; before all others those who can do nothing but wait. */
  const nextRead = (usable: (index: number) => boolean): number | undefined => {
    const open = [...windows()];
    for (const group of [open.filter(({ waiting }) => waiting), open]) {
      let best: number | undefined;
      let distance = Infinity;
      for (const { first, end } of group) {
        for (let index = first; index < Math.min(end, blockCount, first + distance); index += 1) {
          if (here[index] === 1 || !usable(index)) continue;
          best = index;
          distance = index - first;
        }
      }
      if (best !== undefined) return best;
    }
    return undefined;
  };

  const waitedFor = (usable: (index: number) => boolean): number | undefined => {
    for (const { first, waiting } of windows())
      if (waiting && here[first] === 0 && usable(first)) return first;
    return undefined;
  };

  const isReadThrough = (): boolean =>
    [...windows()].every(({ first, until }) => !here.subarray(first, until).includes(0));

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
      if (here[index] === 0) kept += 1;
      here[index] = 1;
      if (!missing.delete(index)) return;
      missingBytes -= lengths[index] ?? 0;
      if (asked[index] === 0) unasked -= 1;
    },
    want,
    missingBytes: () => missingBytes,
    isDone: () => missing.size === 0 && isReadThrough(),
    pick(bits, { mine, inTime, others, gain }) {
      const usable = (index: number): boolean => hasBit(bits, index) && !mine(index);
      const fresh = (index: number): boolean => asked[index] === 0 && usable(index);
      const again = (index: number): boolean => usable(index) && others(index) < MAX_DUPLICATES;
      const rarity = kept < RANDOM_FIRST_BLOCKS ? () => LEAST_COST : (index: number) => holders[index] ?? 0;
      const timely = (index: number): boolean => fresh(index) && (holders[index] === 1 || inTime(index));
      const wanted = firstUrgent(fresh) ?? nextRead(fresh) ?? waitedFor(again) ?? choose(timely, rarity);
      if (wanted !== undefined || unasked > 0) return wanted;
      const late = (index: number): boolean =>
        usable(index) && others(index) <= MAX_DUPLICATES && gain(index) > 0;
      return choose(late, (index) => LEAST_COST + 1 / (1 + gain(index)));
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
