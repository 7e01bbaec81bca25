import { createSeededRandom } from '@tabswarm/testkit';
import { idFromBytes, type NodeId, type RecordKey } from '@tabswarm/protocol/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Neighbour } from '../../src/rpc/neighbour.ts';
import { createRoutingTable } from '../../src/routing-table/table.ts';

const NODES = 1_000;
const number = (id: string): bigint => BigInt(`0x${id}`);

/** A table of 1,000 random nodes, and the same nodes in the order of their distance to a random key, by definition. */
function filled(seed: number) {
  const random = createSeededRandom(seed);
  const id = (): NodeId => idFromBytes<NodeId>(random.bytes(32));
  const self = id();
  const key = idFromBytes<RecordKey>(random.bytes(32));
  const nodes = Array.from({ length: NODES }, id);
  const table = createRoutingTable(self);
  for (const node of nodes) table.add({ id: node } as Neighbour);
  const byDistance = nodes.toSorted((a, b) =>
    (number(a) ^ number(key)) < (number(b) ^ number(key)) ? -1 : 1,
  );
  return { self, key, nodes, table, byDistance };
}

const seeds = fc.nat(0xffff_ffff);

describe('a routing table of 1,000 random nodes', () => {
  it('[DHT1] gives the nearest to any key as sorting all of them by XOR does', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 40 }), (seed, count) => {
        const { self, key, table, byDistance } = filled(seed);
        expect(table.nearest(key, count)).toEqual(byDistance.slice(0, count));
        const withSelf = [...byDistance, self].toSorted((a, b) =>
          (number(a) ^ number(key)) < (number(b) ^ number(key)) ? -1 : 1,
        );
        expect(table.nearest(key, count, { withSelf: true })).toEqual(withSelf.slice(0, count));
        for (const [rank, node] of withSelf.slice(0, 50).entries()) {
          expect(table.isAmongNearest(key, node, count)).toBe(rank < count);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('[DHT1] keeps each in the bucket of its leading equal bits, whatever bits come after', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { self, nodes, table } = filled(seed);
        const held = new Map<NodeId, number>();
        for (const [bucket, neighbours] of table.buckets()) {
          for (const { id } of neighbours) held.set(id, bucket);
        }
        expect(held.size).toBe(NODES);
        for (const node of nodes) {
          const difference = (number(self) ^ number(node)).toString(2).padStart(256, '0');
          expect(held.get(node)).toBe(difference.indexOf('1'));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('holds nothing of a node that was removed, and all of one that came back', () => {
    const { nodes, table } = filled(7);
    const [node] = nodes as [NodeId];
    const first = table.get(node) as Neighbour;
    const again = { id: node } as Neighbour;
    table.add(again);
    expect(table.remove(first)).toBe(false);
    expect(table.size).toBe(NODES);
    expect(table.remove(again)).toBe(true);
    expect(table.has(node)).toBe(false);
    const inBuckets = [...table.buckets().values()].flatMap((held) => Array.from(held));
    expect(inBuckets).toHaveLength(NODES - 1);
    expect(inBuckets.some(({ id }) => id === node)).toBe(false);
  });

  it('expects the nearest nodes of any key about as far as its own are', () => {
    const { self, table } = filled(3);
    const [eighth] = table.nearest(self, 8).slice(-1) as [NodeId];
    const share = Number((number(self) ^ number(eighth)) >> 200n) / 2 ** 56;
    expect(table.expectedReach()).toBeCloseTo(share, 10);
    expect(createRoutingTable(self).expectedReach()).toBe(1);
  });
});
