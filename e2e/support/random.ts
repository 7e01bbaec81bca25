/** The same seed gives the same run (mulberry32). */
export interface SeededRandom {
  readonly seed: number;
  /** From 0 to below 1. */
  number(): number;
  pick<T>(items: readonly T[]): T;
}

/** `seed` as the environment gives it; without one, another run each time. Print it. */
export function createRandom(seed: string | undefined): SeededRandom {
  const start = seed === undefined ? Math.floor(Math.random() * 0xffff_ffff) : Number(seed) >>> 0;
  let state = start;
  const number = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return {
    seed: start,
    number,
    pick(items) {
      const item = items[Math.floor(number() * items.length)];
      if (item === undefined) throw new RangeError('nothing to pick from');
      return item;
    },
  };
}
