import { utf8 } from '@tabswarm/protocol/bytes';
import { MAX_RECORD_LIFETIME_MS, providerKey } from '@tabswarm/protocol/dht';
import type { NodeId } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { NoNetworkError, NotStoredError } from '../src/index.ts';
import { REPUBLISH_JITTER, REPUBLISH_MS } from '../src/limits.ts';
import { createWorld, tabAt, type Tab, type World } from './support/world.ts';

const MINUTE = 60_000;

describe.each([2, 3, 8, 20, 50])('records among %i tabs', (count) => {
  it('[DHT14] are kept by exactly the nearest to their key, and found by all', async () => {
    const world = await createWorld();
    await world.grow(count);
    const dials = world.dials();
    const author = tabAt(world, count - 1);
    const key = world.key();
    const { holders, record } = await world.clock.until(author.dht.put({ key, value: utf8('hello') }));
    expect(holders).toEqual(world.nearest(key));
    await world.clock.advance(1_000);
    expect(world.keeping()).toEqual([...new Set([...world.nearest(key), author.id])].toSorted());
    for (const tab of world.tabs) {
      const found = await world.clock.until(tab.dht.get(key));
      expect(found.map(({ digest }) => digest)).toEqual([record.digest]);
      expect(found[0]?.author).toBe(author.id);
    }
    expect(world.dials()).toBe(dials);
  });

  it('[DHT16] lead from a share to its holders, from every tab', async () => {
    const world = await createWorld();
    await world.grow(count);
    const dials = world.dials();
    const root = world.root();
    const holders = world.tabs.filter((_, i) => i % 3 === 0);
    for (const tab of holders) tab.dht.provide(root);
    await world.clock.advance(3_000);
    const messages = world.messages();
    for (const tab of world.tabs) {
      const found = await providersOf(world, tab, root);
      expect(found.toSorted()).toEqual(holders.map(({ id }) => id).toSorted());
    }
    // Those who keep a record are asked once each, and answer once.
    expect((world.messages() - messages) / count).toBeLessThanOrEqual(16);
    expect(world.dials()).toBe(dials);
  });
});

describe('the life of a provider record', () => {
  it('[DHT16] is announced once there is a network, and not before', async () => {
    const world = await createWorld();
    const [a, b] = [await world.addTab(), await world.addTab()];
    const root = world.root();
    const provision = a.dht.provide(root);
    await world.clock.advance(30_000);
    expect(provision.get()).toEqual({ state: 'waiting' });
    expect(a.dht.state.get().provided).toEqual([root]);
    b.dht.addContacts([a.id]);
    await world.clock.advance(1_000);
    expect(provision.get()).toMatchObject({ state: 'announced' });
    expect(await providersOf(world, b, root)).toEqual([a.id]);
  });

  it('[DHT16] may be asked for before the start', async () => {
    const world = await createWorld();
    const [a, b] = [await world.addTab(), await world.addTab()];
    await a.dht.stop();
    const root = world.root();
    const provision = a.dht.provide(root);
    await world.clock.advance(1_000);
    await a.dht.start();
    b.dht.addContacts([a.id]);
    await world.clock.advance(1_000);
    expect(provision.get()).toMatchObject({ state: 'announced' });
  });

  it('[DHT16] follows the network as it grows: the nearest keep it, the newest arrivals included', async () => {
    const world = await createWorld();
    const first = await world.addTab();
    const root = world.root();
    const provision = first.dht.provide(root);
    await world.grow(24);
    await world.clock.advance(5_000);
    const nearest = world.nearest(await providerKey(root));
    const state = provision.get();
    expect(state.state === 'announced' && state.holders).toEqual(nearest);
    expect(world.keeping()).toEqual(expect.arrayContaining(nearest));
  });

  it('[DHT16] is republished every 15 minutes, give or take a fifth', async () => {
    const world = await createWorld();
    await world.grow(5);
    const provision = tabAt(world, 2).dht.provide(world.root());
    const times: number[] = [];
    provision.subscribe(() => {
      const state = provision.get();
      if (state.state === 'announced') times.push(state.at);
    });
    await world.clock.advance(300 * MINUTE);
    const gaps = times.slice(1).map((at, i) => at - (times[i] as number));
    expect(gaps.length).toBeGreaterThanOrEqual(15);
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(REPUBLISH_MS * (1 - REPUBLISH_JITTER));
      expect(gap).toBeLessThanOrEqual(REPUBLISH_MS * (1 + REPUBLISH_JITTER) + 1_000);
    }
    // Not all at the same beat.
    expect(new Set(gaps.map((gap) => Math.round(gap / 1_000))).size).toBeGreaterThan(3);
  });

  it('[DHT19] remains when its author leaves, until it expires, and is then gone', async () => {
    const world = await createWorld();
    await world.grow(12);
    const author = tabAt(world, 4);
    const root = world.root();
    author.dht.provide(root);
    await world.clock.advance(5_000);
    const announced = world.clock.now();
    await world.remove(author);
    await world.clock.advance(30 * MINUTE);
    for (const tab of world.tabs) expect(await providersOf(world, tab, root)).toEqual([author.id]);
    expect(world.keeping()).toEqual(expect.arrayContaining(world.nearest(await providerKey(root))));
    await world.clock.advance(announced + MAX_RECORD_LIFETIME_MS - world.clock.now());
    for (const tab of world.tabs) expect(await providersOf(world, tab, root)).toEqual([]);
    await world.clock.advance(2 * MINUTE);
    expect(world.keeping()).toEqual([]);
  });

  it('[DHT18] is superseded when the share is provided no longer', async () => {
    const world = await createWorld();
    await world.grow(12);
    const [author, other] = [tabAt(world, 3), tabAt(world, 9)];
    const root = world.root();
    const first = author.dht.provide(root);
    const second = author.dht.provide(root);
    other.dht.provide(root);
    await world.clock.advance(5_000);
    await world.clock.until(first.stop());
    await world.clock.until(first.stop());
    expect((await providersOf(world, other, root)).toSorted()).toEqual([author.id, other.id].toSorted());
    await world.clock.until(second.stop());
    expect(second.get()).toEqual({ state: 'withdrawn' });
    await world.clock.advance(1_000);
    expect(author.dht.state.get().provided).toEqual([]);
    for (const tab of world.tabs) expect(await providersOf(world, tab, root)).toEqual([other.id]);
    // And may be provided anew.
    author.dht.provide(root);
    await world.clock.advance(2_000);
    expect((await providersOf(world, other, root)).toSorted()).toEqual([author.id, other.id].toSorted());
  });
});

describe('without a network', () => {
  it('[DHT21] says so, after what this tab knows itself', async () => {
    const world = await createWorld();
    const tab = await world.addTab();
    const root = world.root();
    await expect(world.clock.until(collect(tab.dht.findProviders(root)))).rejects.toBeInstanceOf(
      NoNetworkError,
    );
    tab.dht.provide(root);
    await world.clock.advance(1_000);
    const found: NodeId[] = [];
    const search = collect(tab.dht.findProviders(root), found);
    await expect(world.clock.until(search)).rejects.toBeInstanceOf(NoNetworkError);
    expect(found).toEqual([tab.id]);
    await expect(world.clock.until(tab.dht.findNode(root))).rejects.toBeInstanceOf(NoNetworkError);
    await expect(world.clock.until(tab.dht.get(world.key()))).rejects.toBeInstanceOf(NoNetworkError);
    await expect(world.clock.until(tab.dht.ping(tab.id))).rejects.toBeInstanceOf(NoNetworkError);
    const key = world.key();
    const put = tab.dht.put({ key, value: utf8('kept here') });
    await expect(world.clock.until(put)).rejects.toBeInstanceOf(NoNetworkError);
    expect(await world.clock.until(tab.dht.get(key))).toHaveLength(1);
  });

  it('[DHT21] also when it was stopped, or lost its last link', async () => {
    const world = await createWorld();
    await world.grow(2);
    const [a, b] = [tabAt(world, 0), tabAt(world, 1)];
    await world.remove(b);
    await world.clock.advance(1_000);
    await expect(world.clock.until(a.dht.findNode(b.id))).rejects.toBeInstanceOf(NoNetworkError);
    await expect(world.clock.until(b.dht.findNode(a.id))).rejects.toBeInstanceOf(NoNetworkError);
  });
});

describe('giving up', () => {
  it('ends a lookup with the reason of its signal, and leaves no timer of it', async () => {
    const world = await createWorld({ latencyMs: () => 100 });
    await world.grow(6);
    const tab = tabAt(world, 2);
    const reason = new Error('enough');
    for (const start of [
      (signal: AbortSignal) => tab.dht.findNode(world.key(), { signal }),
      (signal: AbortSignal) => tab.dht.get(world.key(), { signal }),
      (signal: AbortSignal) => tab.dht.put({ key: world.key(), value: utf8('') }, { signal }),
      (signal: AbortSignal) => collect(tab.dht.findProviders(world.root(), { signal })),
      (signal: AbortSignal) => tab.dht.ping(tabAt(world, 1).id, { signal }),
    ]) {
      const controller = new AbortController();
      const work = start(controller.signal);
      const failed = expect(work).rejects.toBe(reason);
      await world.clock.advance(50);
      controller.abort(reason);
      await failed;
      await world.clock.advance(150);
      expect(tab.dht.state.get().lookups).toBe(0);
    }
  });

  it('cancels the lookup behind a loop that is left', async () => {
    const world = await createWorld({ latencyMs: () => 100 });
    await world.grow(10);
    const root = world.root();
    const tab = tabAt(world, 5);
    tab.dht.provide(root);
    await world.clock.advance(5_000);
    const first = async (): Promise<NodeId | undefined> => {
      for await (const node of tab.dht.findProviders(root)) return node;
      return undefined;
    };
    // Its own record is there before anybody has answered.
    expect(await world.clock.until(first(), 50)).toBe(tab.id);
    await world.clock.advance(150);
    expect(tab.dht.state.get().lookups).toBe(0);
  });
});

describe('storing', () => {
  it('replaces an older version, never a newer one', async () => {
    const world = await createWorld();
    await world.grow(10);
    const author = tabAt(world, 0);
    const key = world.key();
    const put = (sequence: number, text: string) =>
      world.clock.until(author.dht.put({ key, value: utf8(text), sequence }));
    await put(5, 'five');
    await put(6, 'six');
    await expect(put(5, 'five again')).rejects.toMatchObject({ name: 'NotStoredError', outcome: 'stale' });
    await expect(put(6, 'another six')).rejects.toBeInstanceOf(NotStoredError);
    for (const tab of world.tabs) {
      const found = await world.clock.until(tab.dht.get(key));
      expect(found.map(({ value }) => new TextDecoder().decode(value))).toEqual(['six']);
    }
  });

  it('[DHT15] keeps 16 records of one author under one key, by their slots', async () => {
    const world = await createWorld();
    await world.grow(10);
    const author = tabAt(world, 0);
    const key = world.key();
    for (let slot = 0; slot < 16; slot += 1) {
      await world.clock.until(author.dht.put({ key, slot, value: Uint8Array.of(slot) }));
    }
    const found = await world.clock.until(tabAt(world, 7).dht.get(key));
    expect(found.map(({ slot }) => slot).toSorted((a, b) => a - b)).toEqual([...Array(16).keys()]);
    await expect(world.clock.until(author.dht.put({ key, slot: 16, value: utf8('') }))).rejects.toThrow();
  });

  it('finds the neighbour that one pings, and says how far it is', async () => {
    const world = await createWorld({ latencyMs: () => 30 });
    await world.grow(5);
    const [a, b] = [tabAt(world, 1), tabAt(world, 4)];
    expect(await world.clock.until(a.dht.ping(b.id))).toEqual({ hops: 1, rttMs: 60 });
    const nobody = world.key() as string as NodeId;
    await expect(world.clock.until(a.dht.ping(nobody))).rejects.toMatchObject({
      name: 'NoRouteError',
      node: nobody,
    });
  });
});

async function collect<T>(items: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const item of items) into.push(item);
  return into;
}

function providersOf(world: World, tab: Tab, root: Parameters<Tab['dht']['provide']>[0]): Promise<NodeId[]> {
  return world.clock.until(collect(tab.dht.findProviders(root)));
}
