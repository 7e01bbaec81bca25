import { silentLog } from '@tabswarm/base';
import { UnreachableError, type Link, type Transport, type UnreachableReason } from '@tabswarm/net';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { createManualClock, createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { closest, sharedBits } from '../../src/distance.ts';
import { DIAL_BURST } from '../../src/limits.ts';
import { createBackoff } from '../../src/routing-table/backoff.ts';
import { createContacts } from '../../src/routing-table/contacts.ts';
import { createDialer } from '../../src/routing-table/dialer.ts';
import { DEFAULT_LINK_POLICY } from '../../src/routing-table/link-policy.ts';
import { createRoutingTable } from '../../src/routing-table/table.ts';
import type { Neighbour } from '../../src/rpc/neighbour.ts';

/** A dialer over a transport that does as told, each dial taking `dialMs`. */
function createBench({ dialMs = 10, refuse = () => undefined }: BenchOptions = {}) {
  const clock = createManualClock();
  const random = createSeededRandom(4);
  const self = idFromBytes<NodeId>(random.bytes(32));
  const table = createRoutingTable(self);
  const contacts = createContacts(self, clock);
  const backoff = createBackoff(clock);
  const dialed: { node: NodeId; via: NodeId | undefined; at: number }[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const transport: Transport = {
    self,
    links: () => [],
    link: (node) => table.get(node)?.link,
    onLink: () => () => undefined,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    dial: (node, { via } = {}) =>
      new Promise((resolve, reject) => {
        dialed.push({ node, via, at: clock.now() });
        atOnce += 1;
        mostAtOnce = Math.max(mostAtOnce, atOnce);
        clock.after(dialMs, () => {
          atOnce -= 1;
          const reason = refuse(node);
          if (reason) {
            reject(new UnreachableError(node, reason));
            return;
          }
          const neighbour = stubNeighbour(node, clock.now());
          table.add(neighbour);
          contacts.forget(node);
          resolve(neighbour.link);
        });
      }),
  };
  const stop = new AbortController();
  const parts = {
    policy: DEFAULT_LINK_POLICY,
    transport,
    table,
    contacts,
    backoff,
    clock,
    random,
    log: silentLog,
  };
  const dialer = createDialer(parts, { signal: stop.signal });
  return {
    clock,
    self,
    table,
    contacts,
    dialed,
    stop,
    mostAtOnce: () => mostAtOnce,
    learn(count: number, options: { via?: NodeId; dialAfter?: number } = {}): NodeId[] {
      const nodes = Array.from({ length: count }, () => idFromBytes<NodeId>(random.bytes(32)));
      for (const node of nodes) contacts.learn(node, { dialAfter: 0, ...options });
      dialer.poke();
      return nodes;
    },
    poke: () => dialer.poke(),
  };
}

interface BenchOptions {
  readonly dialMs?: number;
  readonly refuse?: (node: NodeId) => UnreachableReason | undefined;
}

function stubNeighbour(id: NodeId, openedAt: number): Neighbour {
  const link = { remote: id, stats: () => ({ openedAt }) } as unknown as Link;
  return { id, link } as unknown as Neighbour;
}

describe('dialing', () => {
  it('[DHT6] dials at most four at once', async () => {
    const bench = createBench();
    bench.learn(20);
    await bench.clock.advance(10_000);
    expect(bench.dialed).toHaveLength(20);
    expect(bench.mostAtOnce()).toBe(4);
  });

  it('[DHT6] dials a burst that makes a small network a mesh at once, then ten a minute', async () => {
    const bench = createBench();
    bench.learn(62);
    const known = bench.contacts.size;
    expect(known).toBeGreaterThan(DIAL_BURST + 10);
    await bench.clock.advance(1_000);
    expect(bench.dialed).toHaveLength(DIAL_BURST);
    // A little over a minute: the tenth comes with the full minute.
    await bench.clock.advance(60_000);
    expect(bench.dialed).toHaveLength(DIAL_BURST + 10);
    await bench.clock.advance(60_000);
    expect(bench.dialed).toHaveLength(Math.min(known, DIAL_BURST + 20));
  });

  it('[DHT4] dials everybody in a small network, naming who can introduce', async () => {
    const bench = createBench();
    const [introducer] = bench.learn(1);
    await bench.clock.advance(100);
    const others = bench.learn(8, { via: introducer as NodeId });
    await bench.clock.advance(1_000);
    expect(bench.dialed.map(({ node }) => node).toSorted()).toEqual(
      [introducer as NodeId, ...others].toSorted(),
    );
    expect(bench.dialed.slice(1).every(({ via }) => via === introducer)).toBe(true);
  });

  it('[DHT5] in a large network links the 8 nearest, and up to four per bucket beyond', async () => {
    const bench = createBench();
    const nodes = bench.learn(2_000);
    await bench.clock.advance(20 * 60_000);
    const linked = [...bench.table.ids()];
    const near = closest(bench.self, nodes, 8);
    expect(linked).toEqual(expect.arrayContaining(near));
    for (let bucket = 0; bucket < 6; bucket += 1) {
      const held = linked.filter((id) => !near.includes(id) && sharedBits(bench.self, id) === bucket);
      expect(held).toHaveLength(4);
    }
    expect(linked.length).toBeLessThanOrEqual(40);
    // The neighbourhood comes first: without it a node cannot be found.
    expect(bench.dialed.slice(0, 8).map(({ node }) => node)).toEqual(expect.arrayContaining(near));
  });

  it('[DHT6] waits longer after each failure, and gives a contact up after some', async () => {
    const bench = createBench({ refuse: () => 'absent' });
    const [node] = bench.learn(1);
    await bench.clock.advance(60 * 60_000);
    const gaps = bench.dialed
      .slice(1)
      .map(({ at }, i) => Math.round((at - (bench.dialed[i]?.at ?? 0)) / 1_000));
    expect(gaps).toEqual([30, 60, 120, 240]);
    expect(bench.contacts.get(node as NodeId)).toBeUndefined();
    bench.contacts.learn(node as NodeId, { dialAfter: 0 });
    bench.poke();
    await bench.clock.advance(1_000);
    // Named again after an hour it has another try.
    expect(bench.dialed).toHaveLength(6);
  });

  it('[DHT6] dials the untried before those that failed', async () => {
    const dead = new Set<NodeId>();
    const bench = createBench({ refuse: (node) => (dead.has(node) ? 'absent' : undefined) });
    for (const node of bench.learn(10)) dead.add(node);
    await bench.clock.advance(29_000);
    const live = bench.learn(12);
    await bench.clock.advance(1_000);
    expect([...bench.table.ids()].toSorted()).toEqual(live.toSorted());
  });

  it('[DHT6] leaves a node alone that declined, also where it is named again', async () => {
    const full = new Set<NodeId>();
    const bench = createBench({ refuse: (node) => (full.has(node) ? 'declined' : undefined) });
    bench.learn(1);
    await bench.clock.advance(1_000);
    const [node] = bench.learn(1) as [NodeId];
    full.add(node);
    await bench.clock.advance(1_000);
    expect(bench.contacts.size).toBe(0);
    bench.contacts.learn(node, { dialAfter: 0 });
    bench.poke();
    await bench.clock.advance(4 * 60_000);
    expect(bench.dialed).toHaveLength(2);
    await bench.clock.advance(2 * 60_000);
    expect(bench.dialed).toHaveLength(3);
  });

  it('[DHT6] asks soon again where nobody else is linked', async () => {
    let full = true;
    const bench = createBench({ refuse: () => (full ? 'declined' : undefined) });
    bench.learn(1);
    await bench.clock.advance(9_000);
    expect(bench.dialed).toHaveLength(1);
    full = false;
    await bench.clock.advance(2_000);
    expect(bench.table.size).toBe(1);
  });

  it('[DHT6] pauses while the transport is busy, and blames nobody', async () => {
    let busy = true;
    const bench = createBench({ refuse: () => (busy ? 'busy' : undefined) });
    bench.learn(3);
    await bench.clock.advance(4_000);
    expect(bench.dialed).toHaveLength(3);
    busy = false;
    await bench.clock.advance(2_000);
    expect(bench.table.size).toBe(3);
  });

  it('waits until it is its turn', async () => {
    const bench = createBench();
    bench.learn(1, { dialAfter: bench.clock.now() + 3_000 });
    await bench.clock.advance(2_900);
    expect(bench.dialed).toHaveLength(0);
    await bench.clock.advance(200);
    expect(bench.dialed).toHaveLength(1);
  });

  it('dials no more once stopped, and leaves no timer', async () => {
    const bench = createBench({ refuse: () => 'absent' });
    bench.learn(5);
    await bench.clock.advance(1_000);
    expect(bench.dialed).toHaveLength(5);
    bench.stop.abort(new Error('stopped'));
    expect(bench.clock.pending()).toBe(0);
    bench.learn(5);
    await bench.clock.advance(100_000);
    expect(bench.dialed).toHaveLength(5);
  });
});

describe('surplus links', () => {
  it('[DHT5] are those over four in a bucket that are not among the 8 nearest, youngest first', () => {
    const bench = createBench();
    const nodes = bench.learn(60);
    for (const [i, node] of nodes.entries()) bench.table.add(stubNeighbour(node, i));
    const surplus = bench.table.surplus();
    const gone = new Set(surplus.map(({ id }) => id));
    const near = new Set(closest(bench.self, nodes, 8));
    expect([...gone].some((id) => near.has(id))).toBe(false);
    const kept = nodes.filter((id) => !gone.has(id));
    for (let bucket = 0; bucket < 4; bucket += 1) {
      const inBucket = nodes.filter((id) => sharedBits(bench.self, id) === bucket);
      const keptHere = kept.filter((id) => sharedBits(bench.self, id) === bucket);
      expect(keptHere.filter((id) => !near.has(id)).length).toBeLessThanOrEqual(4);
      if (inBucket.length >= 4) expect(keptHere.length).toBeGreaterThanOrEqual(4);
      // The oldest stay.
      const far = inBucket.filter((id) => !near.has(id));
      const keptFar = far.filter((id) => !gone.has(id));
      expect(keptFar).toEqual(far.slice(0, keptFar.length));
    }
    const ages = surplus.map(({ link }) => link.stats().openedAt);
    expect(ages).toEqual(ages.toSorted((a, b) => b - a));
  });
});
