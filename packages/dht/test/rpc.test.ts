import type { DhtMessageOf } from '@tabswarm/protocol/dht';
import { compareDistance, type NodeId } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { closest } from '../src/distance.ts';
import { createHandNode, type HandNode } from './support/node.ts';
import { createWorld, type World } from './support/world.ts';

/** A tab in the middle of nodes that answer nothing, but when the tab looks for its own neighbours. */
async function surrounded(world: World, count: number) {
  const tab = await world.addTab();
  const join = async () => {
    const node = await createHandNode(world, (message) => {
      if (message.type !== 'request' || !isRefresh(message, tab.id)) return undefined;
      return { type: 'reply', id: message.id, outcome: 'ok', hops: 0, nodes: [], answered: [], records: [] };
    });
    return { node, link: await node.join(tab.id) };
  };
  const nodes: HandNode[] = [];
  for (let i = 0; i < count; i += 1) nodes.push((await join()).node);
  const { node: asker, link } = await join();
  const requestsTo = (node: HandNode) =>
    node.gotOf('request').filter((request) => !isRefresh(request, tab.id));
  return { tab, nodes, asker, link, requestsTo };
}

function isRefresh({ operation }: DhtMessageOf<'request'>, tab: NodeId): boolean {
  return operation.type === 'find-node' && operation.key === tab;
}

describe('forwarding', () => {
  it('[DHT7] passes a request on to a node strictly nearer, never back and never farther', async () => {
    const world = await createWorld();
    const { tab, nodes, asker, link, requestsTo } = await surrounded(world, 12);
    let passedOn = 0;
    for (let i = 0; i < 20; i += 1) {
      const key = world.key();
      await world.clock.advance(31_000);
      for (const node of nodes) node.got.length = 0;
      asker.got.length = 0;
      const reply = await asker.ask(link, { operation: { type: 'find-node', key } });
      const nearer = nodes.filter(({ id }) => compareDistance(key, id, tab.id) < 0);
      const asked = nodes.filter((node) => requestsTo(node).length > 0);
      expect(nearer.map(({ id }) => id)).toEqual(expect.arrayContaining(asked.map(({ id }) => id)));
      expect(asked.length).toBe(Math.min(3, nearer.length));
      expect(requestsTo(asker)).toHaveLength(0);
      expect(asker.gotOf('forwarded')).toHaveLength(nearer.length > 0 ? 1 : 0);
      const linked = [asker.id, ...nodes.map(({ id }) => id)];
      expect(reply).toMatchObject({ outcome: 'ok', answered: [tab.id], nodes: closest(key, linked, 8) });
      passedOn += asked.length;
    }
    expect(passedOn).toBeGreaterThan(0);
  });

  it('[DHT7] counts hops down, and answers by itself where none is left', async () => {
    const world = await createWorld();
    const { tab, nodes, asker, link, requestsTo } = await surrounded(world, 12);
    const target = nodes[4] as HandNode;
    await asker.ask(link, { to: target.id, hops: 5 });
    expect(requestsTo(target)[0]).toMatchObject({ hops: 4, to: target.id });
    target.got.length = 0;
    const reply = await asker.ask(link, { to: target.id, hops: 0 });
    expect(reply?.outcome).toBe('unreachable');
    expect(requestsTo(target)).toEqual([]);
    const own = await asker.ask(link, { hops: 0, operation: { type: 'find-node', key: target.id } });
    expect(own).toMatchObject({ outcome: 'ok', answered: [tab.id], hops: 0 });
  });

  it('[DHT8] tells a lookup that comes a second time that it has been there', async () => {
    const world = await createWorld();
    const { asker, link } = await surrounded(world, 0);
    const operation = { type: 'find-node', key: world.key() } as const;
    const lookup = world.random.bytes(8);
    expect(await asker.ask(link, { operation, lookup })).toMatchObject({ outcome: 'ok' });
    expect(await asker.ask(link, { operation, lookup })).toMatchObject({ outcome: 'visited', nodes: [] });
    expect(await asker.ask(link, { operation })).toMatchObject({ outcome: 'ok' });
  });

  it('[DHT8] passes by the nodes that a request names as visited', async () => {
    const world = await createWorld();
    const { nodes, asker, link, requestsTo } = await surrounded(world, 12);
    const target = nodes[0] as HandNode;
    const key = target.id;
    const visited = [target, nodes[1] as HandNode].map(({ id }) =>
      Uint8Array.from(id.slice(0, 16).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
    );
    await asker.ask(link, { operation: { type: 'find-node', key }, visited });
    expect(requestsTo(target)).toEqual([]);
    expect(requestsTo(nodes[1] as HandNode)).toEqual([]);
  });

  it('[DHT8] begins reads on three disjoint paths, stores and provider lookups on five', async () => {
    const world = await createWorld();
    const { tab, nodes, asker, requestsTo } = await surrounded(world, 12);
    const all = [...nodes, asker];
    const firstHops = async (work: Promise<unknown>): Promise<NodeId[]> => {
      const ended = work.catch((cause: unknown) => cause);
      await world.clock.advance(50);
      const asked = all.filter((node) => requestsTo(node).length > 0).map(({ id }) => id);
      await world.clock.until(ended);
      for (const node of all) node.got.length = 0;
      // Silent nodes are passed over for a while.
      await world.clock.advance(31_000);
      return asked.toSorted();
    };
    const nearest = (key: Parameters<typeof closest>[0], count: number): NodeId[] =>
      closest(
        key,
        all.map(({ id }) => id),
        count,
      ).toSorted();
    const [first, second] = [world.key(), world.key()];
    expect(await firstHops(tab.dht.findNode(first))).toEqual(nearest(first, 3));
    expect(await firstHops(tab.dht.get(second))).toEqual(nearest(second, 3));
    const third = world.key();
    expect(await firstHops(tab.dht.put({ key: third, value: new Uint8Array() }))).toEqual(nearest(third, 5));
    const search = async (): Promise<void> => {
      for await (const id of tab.dht.findProviders(world.root())) expect(id).toBeUndefined();
    };
    expect(await firstHops(search())).toHaveLength(5);
  });

  it('[DHT9] tries the next-best neighbour after three round trips of silence', async () => {
    const world = await createWorld({ latencyMs: () => 150 });
    const { tab, nodes, asker, link, requestsTo } = await surrounded(world, 12);
    const ids = nodes.map(({ id }) => id);
    // A key for which there is a next-best: one that is strictly nearer than the tab as well.
    const key = ids.find((id) => closest(id, [...ids, tab.id], 2)[1] !== tab.id) as NodeId;
    const order = closest(key, ids, 2);
    const [best, next] = order.map((id) => nodes.find((node) => node.id === id)) as [HandNode, HandNode];
    await asker.say(link, {
      type: 'request',
      id: 77,
      lookup: world.random.bytes(8),
      hops: 12,
      budget: 4_000,
      visited: [],
      prove: false,
      operation: { type: 'find-node', key },
    });
    await world.clock.advance(150 + 150);
    expect([requestsTo(best).length, requestsTo(next).length]).toEqual([1, 0]);
    await world.clock.advance(899);
    expect(requestsTo(next)).toHaveLength(0);
    await world.clock.advance(2);
    expect(requestsTo(next)).toHaveLength(1);
  });

  it('[DHT9] leaves requests of one neighbour unforwarded beyond its share', async () => {
    const world = await createWorld();
    const { nodes, asker, link, requestsTo } = await surrounded(world, 6);
    const target = nodes[2] as HandNode;
    for (let id = 1; id <= 300; id += 1) {
      await asker.say(link, {
        type: 'request',
        id,
        lookup: world.random.bytes(8),
        to: target.id,
        hops: 3,
        budget: 4_000,
        visited: [],
        prove: false,
        operation: { type: 'ping' },
      });
      // Not so many at one moment that they would not fit into a link's buffer.
      if (id % 50 === 0) await world.clock.advance(5);
    }
    await world.clock.advance(100);
    expect(requestsTo(target)).toHaveLength(64);
    expect(asker.gotOf('reply').filter(({ outcome }) => outcome === 'unreachable')).toHaveLength(300 - 64);
  });
});
