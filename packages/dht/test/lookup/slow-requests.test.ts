import { idFromBytes, type NodeId, type RecordKey } from '@tabswarm/protocol/ids';
import { createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createSimulationClock } from '../../sim/clock.ts';
import { idNear } from '../../sim/adversaries.ts';
import { closest } from '../../src/distance.ts';
import { findNodeOperation, runLookup } from '../../src/lookup/lookup.ts';
import { createRoutingTable } from '../../src/routing-table/table.ts';
import type { Neighbour } from '../../src/rpc/neighbour.ts';
import type { Router } from '../../src/rpc/router.ts';

const QUICK_MS = 200;

/**
 * A lookup whose neighbours all name eight nodes that do not exist, next to the key, along with those that do. Of the
 * latter `answering` answer, those nearest to the key.
 */
function among(count: number, answering = count) {
  const random = createSeededRandom(7);
  const clock = createSimulationClock();
  const id = (): NodeId => idFromBytes<NodeId>(random.bytes(32));
  const key = idFromBytes<RecordKey>(random.bytes(32));
  const self = id();
  const table = createRoutingTable(self);
  // Some are near us, so that this is a large network.
  const near = Array.from({ length: 8 }, () => idNear<NodeId>(self, 8, random));
  const neighbours = [...near, ...Array.from({ length: 12 }, id)];
  for (const node of neighbours) {
    table.add({ id: node, isSuspect: () => false, link: { stats: () => ({}) } } as unknown as Neighbour);
  }
  const named = closest(key, Array.from({ length: count }, id), count);
  const there = named.slice(0, answering);
  const invented = Array.from({ length: 8 }, () => idNear<NodeId>(key, 24, random));
  const waited: number[] = [];
  const router: Router = {
    async request({ to, first, budget }) {
      if (to !== undefined && !there.includes(to) && !neighbours.includes(to)) {
        waited.push(budget);
        await new Promise<void>((resolve) => void clock.after(budget, resolve));
        return undefined;
      }
      await new Promise<void>((resolve) => void clock.after(QUICK_MS, resolve));
      const by = to ?? (first as Neighbour).id;
      const nodes = [...invented, ...named.slice(0, 8)];
      return { answer: { outcome: 'ok', hops: 1, nodes, answered: [by], records: [] }, by };
    },
    handle: () => undefined,
  };
  const look = async () => {
    const start = clock.now();
    const { signal } = new AbortController();
    const result = await clock.until(
      runLookup({ table, router, clock, random }, findNodeOperation(key), { paths: 3, signal }),
    );
    return { ...result, ms: clock.now() - start };
  };
  return { look, waited, nearest: closest(key, [...there, ...neighbours, table.self], 8) };
}

describe('a lookup that is told of nodes that do not answer', () => {
  it('[DHT28] asks all that do meanwhile, and ends before its time is over', async () => {
    const { look, waited, nearest } = among(40);
    const { nodes, ms } = await look();
    expect(nodes).toEqual(nearest);
    expect(waited.length).toBeGreaterThanOrEqual(8);
    expect(Math.max(...waited)).toBe(2_500);
    expect(ms).toBeLessThan(8_000);
  });

  it('[DHT29] is sure where four of those that should keep the records have answered, and not with three', async () => {
    const [four, three] = [await among(2_000, 4).look(), await among(2_000, 3).look()];
    expect([four.sure, three.sure]).toEqual([true, false]);
  });
});
