import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../sim/scenarios.ts';

/*
 * The simulations of `npm run bench -- overlay`, with fewer nodes and lookups and over less time. Their seed is fixed, so
 * a run is the same each time; bars that hold for a thousand lookups hold for these as well.
 */
const SIZE = { seed: 11, nodes: 100, lookups: 60, mixing: 3, minutes: 2 };
const MAX_LINKS = 64;

async function simulate(name: string): Promise<void> {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (!scenario) throw new Error(`no scenario "${name}"`);
  const rows = await scenario.run(SIZE);
  expect(rows.some(({ counts }) => counts)).toBe(true);
  for (const row of rows) {
    expect(row.lookups).toBe(SIZE.lookups);
    if (row.counts) expect(row.success).toBeGreaterThanOrEqual(scenario.bar);
    expect(row.links.most).toBeLessThanOrEqual(MAX_LINKS);
    expect(row.dialsOfLookups).toBe(0);
  }
}

describe('a simulated network finds what is there', { timeout: 180_000 }, () => {
  it('[DHT10] while nobody comes or goes', () => simulate('nobody comes or goes'));
  it('[DHT17] while half of the nodes are replaced every ten minutes', () => simulate('half-life 10 min'));
  it('[DHT9] from the moment at which half of the nodes vanish', () => simulate('half gone at once'));
  it('[DHT9] where one in five drops everything', () => simulate('20 % drop everything'));
  it('[DHT26] where three in ten lie, none of whose records is accepted', () =>
    simulate('30 % lie about records'));
  it('[DHT25] where 20 Sybils have settled next to its key', () => simulate('20 Sybils next to each key'));
  it('[DHT25] where 20 Sybils have settled around its key, at some distance', () =>
    simulate('20 Sybils around each key'));
  it('[DHT24] two minutes after a partition of half an hour', () => simulate('after a partition of 30 min'));
});
