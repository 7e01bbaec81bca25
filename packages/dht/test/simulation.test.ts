import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../sim/scenarios.ts';

/*
 * The simulations of `npm run bench -- overlay`, with fewer nodes and lookups and over less time. Their seed is fixed, so
 * a run is the same each time; bars that hold for a thousand lookups hold for these as well.
 */
const SIZE = { seed: 11, nodes: 100, lookups: 60, mixing: 3, minutes: 2 };

describe('a simulated network', { timeout: 180_000 }, () => {
  for (const scenario of SCENARIOS) {
    it(`finds what is there: ${scenario.name}`, async () => {
      const rows = await scenario.run(SIZE);
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) {
        expect(row.lookups).toBe(SIZE.lookups);
        if (row.counts) expect(row.success).toBeGreaterThanOrEqual(scenario.bar);
        expect(row.links.most).toBeLessThanOrEqual(64);
      }
    });
  }
});
