import { shuffled } from '@tabswarm/base';
import { utf8 } from '@tabswarm/protocol/bytes';
import { providerKey } from '@tabswarm/protocol/dht';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { createWorld, tabAt, type Tab, type World } from './support/world.ts';

const MINUTE = 60_000;

describe('records while tabs come and go', () => {
  it('[DHT17] are handed to whoever becomes one of the nearest, author or not', async () => {
    const world = await createWorld();
    await world.grow(12);
    const author = tabAt(world, 2);
    const key = world.key();
    await world.clock.until(author.dht.put({ key, value: utf8('kept') }));
    await world.remove(author);
    const before = world.nearest(key);
    await world.grow(24);
    const nearest = world.nearest(key);
    // Otherwise this would show nothing.
    expect(nearest).not.toEqual(before);
    expect(world.keeping()).toEqual(expect.arrayContaining(nearest));
    expect(world.sent.get('hand') ?? 0).toBeGreaterThan(0);
    // Each newcomer asks one of the holders, not all that offer.
    expect(world.sent.get('hand') ?? 0).toBeLessThanOrEqual(24 + 12);
  });

  it('[DHT17] move on when a holder goes, whether or not it says so', async () => {
    const world = await createWorld();
    await world.grow(30);
    const key = world.key();
    await world.clock.until(tabAt(world, 2).dht.put({ key, value: utf8('kept') }));
    for (let i = 0; i < 14; i += 1) {
      const [nearest] = world.nearest(key);
      const tab = world.tabs.find(({ id }) => id === nearest) as Tab;
      await (i % 2 === 0 ? world.remove(tab) : world.crash(tab));
      await world.clock.advance(1_000);
      expect(world.keeping()).toEqual(expect.arrayContaining(world.nearest(key)));
      const found = await world.clock.until(tabAt(world, 0).dht.get(key));
      expect(found).toHaveLength(1);
    }
  });

  it('[DHT17] also those of two networks that become one again', async () => {
    const apart = new Set<NodeId>();
    let split = false;
    const world = await createWorld({ connectable: (a, b) => !split || apart.has(a) === apart.has(b) });
    await world.grow(20);
    for (const tab of world.tabs.slice(0, 8)) apart.add(tab.id);
    split = true;
    for (const a of world.tabs) {
      for (const b of world.tabs) if (apart.has(a.id) !== apart.has(b.id)) world.network.sever(a.id, b.id);
    }
    await world.clock.advance(5_000);
    const [left, right] = [tabAt(world, 3), tabAt(world, 13)];
    const roots = [world.root(), world.root()] as const;
    left.dht.provide(roots[0]);
    right.dht.provide(roots[1]);
    await world.clock.advance(5_000);
    expect(await providersOf(world, tabAt(world, 5), roots[0])).toEqual([left.id]);
    expect(await providersOf(world, tabAt(world, 5), roots[1])).toEqual([]);
    await world.clock.advance(2 * MINUTE);
    split = false;
    // Those who lost one another try again by themselves.
    await world.clock.advance(8 * MINUTE);
    for (const tab of world.tabs) {
      expect(tab.dht.state.get().links).toBe(19);
      expect(await providersOf(world, tab, roots[0])).toEqual([left.id]);
      expect(await providersOf(world, tab, roots[1])).toEqual([right.id]);
    }
    for (const root of roots) {
      expect(world.keeping()).toEqual(expect.arrayContaining(world.nearest(await providerKey(root))));
    }
  });

  it('[DHT16] are found at every moment while half of the tabs are replaced', async () => {
    const world = await createWorld();
    await world.grow(30);
    const shares = Array.from({ length: 10 }, (_, i) => ({ root: world.root(), author: tabAt(world, i) }));
    for (const { root, author } of shares) author.dht.provide(root);
    await world.clock.advance(5_000);
    let maxHops = 0;
    for (let round = 0; round < 15; round += 1) {
      const victim = tabAt(world, 10 + Math.floor(world.random.number() * (world.tabs.length - 10)));
      await (round % 2 === 0 ? world.remove(victim) : world.crash(victim));
      const known = tabAt(world, Math.floor(world.random.number() * world.tabs.length));
      const newcomer = await world.addTab();
      newcomer.dht.addContacts([known.id]);
      // Not at a moment at which lost tabs are dialed again.
      await world.clock.advance(0.75 * MINUTE);
      const dials = world.dials();
      for (const { root, author } of shares) {
        const seeker = tabAt(world, Math.floor(world.random.number() * world.tabs.length));
        expect(await providersOf(world, seeker, root)).toEqual([author.id]);
        maxHops = Math.max(maxHops, (await world.clock.until(seeker.dht.findNode(root))).hops);
      }
      expect(world.dials()).toBe(dials);
    }
    expect(maxHops).toBe(1);
  });
});

describe('networks in which some pairs find no path', () => {
  it('[DHT7] forwards: every tab finds every record over those between', async () => {
    const world = await createWorld({ connectable: twoThirds });
    for (let i = 0; i < 24; i += 1) {
      const tab = await world.addTab();
      tab.dht.addContacts(
        shuffled(world.random, world.tabs.slice(0, -1))
          .slice(0, 4)
          .map(({ id }) => id),
      );
      await world.clock.advance(1_000);
    }
    await world.clock.advance(3 * MINUTE);
    const root = world.root();
    tabAt(world, 1).dht.provide(root);
    await world.clock.advance(5_000);
    const dials = world.dials();
    let forwarded = 0;
    let unlinked = 0;
    for (const tab of world.tabs) {
      unlinked += world.tabs.length - 1 - tab.dht.state.get().links;
      expect(await providersOf(world, tab, root)).toEqual([tabAt(world, 1).id]);
      const found = await world.clock.until(tab.dht.findNode(world.key()));
      forwarded = Math.max(forwarded, found.hops);
    }
    expect(unlinked).toBeGreaterThan(0);
    expect(forwarded).toBeGreaterThan(1);
    expect(world.dials()).toBe(dials);
  });

  it('[DHT7] pings along a line of tabs, each linked to the next only', async () => {
    const order: NodeId[] = [];
    const connectable = (a: NodeId, b: NodeId): boolean =>
      Math.abs(order.indexOf(a) - order.indexOf(b)) === 1;
    const world = await createWorld({ connectable });
    const tabs = [];
    for (let i = 0; i < 3; i += 1) tabs.push(await world.addTab());
    // The nearest to the far end must stand in the middle: requests go strictly nearer.
    const sorted = tabs.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    for (const tab of sorted) order.push(tab.id);
    const [left, middle, right] = sorted as [Tab, Tab, Tab];
    left.dht.addContacts([middle.id]);
    right.dht.addContacts([middle.id]);
    await world.clock.advance(20_000);
    expect(left.dht.state.get().links).toBe(1);
    expect(await world.clock.until(left.dht.ping(right.id))).toMatchObject({ hops: 2 });
  });
});

/** Two thirds of all pairs, by a hash (FNV-1a) of both ids in either order. */
function twoThirds(a: NodeId, b: NodeId): boolean {
  let hash = 0x811c9dc5;
  for (const char of [a, b].toSorted().join('')) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return (hash >>> 8) % 3 !== 0;
}

async function providersOf(world: World, tab: Tab, root: Root): Promise<NodeId[]> {
  const found: NodeId[] = [];
  const search = async (): Promise<void> => {
    for await (const id of tab.dht.findProviders(root)) found.push(id);
  };
  await world.clock.until(search());
  return found;
}
