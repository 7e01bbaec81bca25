import { describe, expect, it } from 'vitest';
import { arcPath, pointAt, sectionsOf, spread, turnOf } from '../../src/network/geometry.ts';

const id = (start: string): string => start.padEnd(64, '0');

describe('places on the ring', () => {
  it('has this tab on top and the others clockwise by their ids', () => {
    expect(turnOf(id('8'), id('8'))).toBe(0);
    expect(turnOf(id('8'), id('c'))).toBe(0.25);
    expect(turnOf(id('8'), id('0'))).toBe(0.5);
    expect(turnOf(id('8'), id('4'))).toBe(0.75);
    expect(pointAt(0, 10)).toEqual({ x: 0, y: -10 });
    expect(pointAt(0.25, 10)).toEqual({ x: 10, y: 0 });
  });

  it('has those with the same bits in common in the same section, whatever our own id is', () => {
    const next = numbers(4);
    const someId = (): string =>
      Array.from({ length: 64 }, () => Math.floor(16 * next()).toString(16)).join('');
    for (let round = 0; round < 200; round += 1) {
      const self = someId();
      const other = someId();
      const bits = commonBits(self, other);
      const sections = sectionsOf(self, 12);
      const turn = turnOf(self, other);
      const within = sections.filter(({ from, length }) => (((turn - from) % 1) + 1) % 1 < length);
      expect(within.map((section) => section.bits)).toEqual(bits < 12 ? [bits] : []);
    }
  });

  it('leaves to the nearest what all sections leave of the ring', () => {
    const sections = sectionsOf(id('a1'), 8);
    expect(sections.map(({ length }) => length).slice(0, 3)).toEqual([0.5, 0.25, 0.125]);
    expect(sections.reduce((sum, { length }) => sum + length, 0)).toBe(1 - 2 ** -8);
  });

  it('draws an arc the long way round where it is longer than half', () => {
    expect(arcPath(0, 0.25, 10)).toBe('M0 -10A10 10 0 0 1 10 0');
    expect(arcPath(0, 0.75, 10)).toBe('M0 -10A10 10 0 1 1 -10 0');
  });
});

describe('labels', () => {
  const room = { gap: 0.036, margin: 0.05 };

  it('stay where they are while there is room', () => {
    expect(spread([0.9, 0.1, 0.5], room)).toEqual([0.9, 0.1, 0.5]);
    expect(spread([], room)).toEqual([]);
    expect(spread([0.3], room)).toEqual([0.3]);
  });

  it('leave the top to this tab', () => {
    expect(spread([0.01], room)).toEqual([0.05]);
    expect(spread([0.999], room)).toEqual([0.95]);
  });

  it('make room for each other, and keep their order', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const next = numbers(seed);
      // All in one quarter, part of them before the top and part of them after.
      const turns = Array.from({ length: 12 }, () => (0.9 + 0.25 * next()) % 1);
      const placed = spread(turns, room);
      expect(orderOf(placed)).toEqual(orderOf(turns));
      const sorted = placed.toSorted((a, b) => a - b);
      const gaps = sorted.slice(1).map((at, index) => at - (sorted[index] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThan(0.95 * room.gap);
      expect(sorted[0]).toBeGreaterThanOrEqual(room.margin);
      expect(sorted.at(-1)).toBeLessThanOrEqual(1 - room.margin);
    }
  });

  it('are left alone where there is no room for all', () => {
    const turns = [0.1, 0.1, 0.1];
    expect(spread(turns, { gap: 0.48, margin: 0.05 })).toEqual(turns);
  });
});

/** Their indices, the first on the ring first. */
function orderOf(turns: readonly number[]): number[] {
  return turns.map((_, at) => at).toSorted((a, b) => (turns[a] ?? 0) - (turns[b] ?? 0));
}

/** Numbers in [0, 1) that are the same in every run (Park and Miller, 1988). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** By the definition: where their difference begins. */
function commonBits(a: string, b: string): number {
  return 256 - (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).length;
}
