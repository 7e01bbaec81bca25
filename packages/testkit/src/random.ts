import type { Random } from '@tabswarm/base';

/** Seeded randomness (mulberry32): the same seed gives the same run. Not for keys. */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  const number = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  return {
    number,
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(number() * 256)),
  };
}

/**
 * The seed of this run: `SEED` of the environment where it is a number, a new one where it is `random`, else always the
 * same, so that whether a change is right does not hang on luck. Print it with every failure.
 */
export function seedFrom(value: string | undefined): number {
  if (value === 'random') return Math.floor(Math.random() * 0xffff_ffff);
  const given = Number(value);
  return value !== undefined && Number.isInteger(given) ? given : DEFAULT_SEED;
}

const DEFAULT_SEED = 1;
