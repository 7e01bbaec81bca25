import { describe, expect, it } from 'vitest';
import type { LookupTrace } from '../../src/index.ts';
import { createWorld, type Tab, type World } from '../support/world.ts';

describe('a lookup as somebody who watches sees it', () => {
  it('names the nodes on the way, in order, and comes to the nearest', async () => {
    const world = await createWorld();
    await world.grow(12);
    const [tab] = watch(world);
    const key = world.key();
    const { nodes, requests } = await world.clock.until(tab.dht.findNode(key));
    await world.clock.advance(150);
    const trace = lastOf(tab, 'find-nodes');
    expect(trace).toMatchObject({ purpose: 'find-nodes', key, nearest: nodes });
    expect(trace.endedAt).toBeGreaterThan(trace.startedAt);
    expect(trace.paths).toHaveLength(requests);
    for (const { asked, outcome, nodes: way, hops } of trace.paths) {
      expect(outcome).toBe('answered');
      expect(hops).toBeGreaterThanOrEqual(1);
      // Everybody is linked to everybody here, so whoever was asked by name answers at once.
      expect(way[0]).toBe(asked);
      expect(way).not.toContain(tab.id);
    }
  });

  it('is there while it runs, and grows with each answer', async () => {
    const world = await createWorld({ latencyMs: () => 200 });
    await world.grow(5);
    const [tab] = watch(world);
    const lookup = tab.dht.findNode(world.key());
    await world.clock.advance(150);
    const early = lastOf(tab, 'find-nodes');
    expect(early.endedAt).toBeUndefined();
    expect(early.nearest).toEqual([]);
    expect(early.paths.map(({ outcome }) => outcome)).toEqual(['asked', 'asked', 'asked']);
    await world.clock.until(lookup);
    await world.clock.advance(150);
    const late = lastOf(tab, 'find-nodes');
    expect(late.id).toBe(early.id);
    expect(late.paths.every(({ outcome }) => outcome === 'answered')).toBe(true);
    // What was handed out before does not change under whoever looks at it.
    expect(early.paths.map(({ outcome }) => outcome)).toEqual(['asked', 'asked', 'asked']);
  });

  it('says how many nodes keep what was announced, and how many holders were found, but not of what', async () => {
    const world = await createWorld();
    await world.grow(4);
    const [sharer, finder] = watch(world);
    const root = world.root();
    sharer.dht.provide(root);
    await world.clock.advance(5_000);
    const stored = lastOf(sharer, 'store');
    expect(stored.keepers).toBe(4);
    const found: string[] = [];
    const search = (async () => {
      for await (const node of finder.dht.findProviders(root)) found.push(node);
    })();
    await world.clock.until(search);
    await world.clock.advance(150);
    expect(found).toEqual([sharer.id]);
    const finding = lastOf(finder, 'find-holders');
    expect(finding).toMatchObject({ key: stored.key, records: 1 });
    expect(JSON.stringify([...tracesOf(sharer), ...tracesOf(finder)])).not.toContain(root);
  });

  it('shows a request that nobody answered as failed, and one given up as ended', async () => {
    const silent = new Set<string>();
    const world = await createWorld({ drops: (from) => silent.has(from) });
    await world.grow(3);
    const [tab, other] = watch(world);
    silent.add(other.id);
    const lookup = tab.dht.findNode(other.id);
    await world.clock.until(lookup);
    await world.clock.advance(150);
    const outcomes = lastOf(tab, 'find-nodes').paths.map(({ asked, outcome }) => [asked, outcome]);
    expect(outcomes).toContainEqual([other.id, 'failed']);

    const controller = new AbortController();
    const given = tab.dht.findNode(other.id, { signal: controller.signal });
    const rejected = expect(given).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await rejected;
    await world.clock.advance(150);
    const trace = lastOf(tab, 'find-nodes');
    expect(trace).toMatchObject({ nearest: [] });
    expect(trace.endedAt).toBeDefined();
    expect(trace.paths.map(({ outcome }) => outcome)).not.toContain('asked');
  });

  it('keeps the last few, and what somebody asked for before what is routine', async () => {
    const world = await createWorld();
    await world.grow(3);
    const [tab] = watch(world);
    await world.clock.until(tab.dht.findNode(world.key()));
    // An hour: the overlay looks around every few minutes.
    await world.clock.advance(60 * 60_000);
    expect(tracesOf(tab)).toHaveLength(8);
    expect(tracesOf(tab).map(({ purpose }) => purpose)).toContain('find-nodes');
    for (let i = 0; i < 20; i += 1) await world.clock.until(tab.dht.findNode(world.key()));
    await world.clock.advance(150);
    const traces = tracesOf(tab);
    expect(traces).toHaveLength(8);
    expect(traces.map(({ id }) => id)).toEqual(traces.map(({ id }) => id).toSorted((a, b) => a - b));
  });
});

describe('a snapshot that nobody watches', () => {
  it('costs no timer and no memory, and is right when it is looked at', async () => {
    const world = await createWorld();
    await world.grow(6);
    const [tab] = world.tabs as [Tab];
    await world.clock.until(tab.dht.findNode(world.key()));
    expect(tracesOf(tab)).toEqual([]);
    const seen = tab.dht.state.get();
    expect(seen.links).toBe(5);
    await world.remove(world.tabs[5] as Tab);
    await world.clock.advance(1);
    // Sooner than the timer of one who watches: it is made by looking.
    expect(tab.dht.state.get().links).toBe(4);
    expect(tab.dht.state.get()).toBe(tab.dht.state.get());
  });

  it('catches up for whoever begins to watch, and rests again when they have gone', async () => {
    const world = await createWorld();
    await world.grow(4);
    const [tab] = world.tabs as [Tab];
    let changes = 0;
    const unsubscribe = tab.dht.state.subscribe(() => (changes += 1));
    await world.clock.advance(150);
    expect(changes).toBe(1);
    expect(tab.dht.state.get().links).toBe(3);
    unsubscribe();
    unsubscribe();
    await world.remove(world.tabs[3] as Tab);
    await world.clock.advance(1_000);
    expect(changes).toBe(1);
    expect(tab.dht.state.get().links).toBe(2);
  });
});

/** All tabs are watched from here on. */
function watch(world: World): [Tab, Tab] {
  for (const { dht } of world.tabs) dht.state.subscribe(() => undefined);
  return world.tabs as unknown as [Tab, Tab];
}

function tracesOf(tab: Tab): readonly LookupTrace[] {
  return tab.dht.state.get().traces;
}

function lastOf(tab: Tab, purpose: LookupTrace['purpose']): LookupTrace {
  const trace = tracesOf(tab).findLast((one) => one.purpose === purpose);
  if (!trace) throw new Error(`no ${purpose} among the traces`);
  return trace;
}
