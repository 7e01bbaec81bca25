import { describe, expect, it } from 'vitest';
import { SKIPPED } from '../src/library.ts';
import { createWorld, URGENT_BLOCKS, type Peer } from './world.ts';

/** Blocks in the order in which they came. */
const order = ({ holding }: Peer): number[] => [...holding.offered.keys()];
const blocks = (first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, i) => first + i);

describe('readers of a share', () => {
  it('[EX11] have what they come to next before all others, in order', async () => {
    const world = createWorld(60);
    const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
    leecher.swarm.urge(leecher.holding.root).set({ first: 30, end: 40, until: 40, waiting: true });
    await world.fetch(leecher, [holder]);
    expect(leecher.holding.kept()).toBe(60);
    expect(order(leecher).slice(URGENT_BLOCKS, URGENT_BLOCKS + 10)).toEqual(blocks(30, 40));
  });

  it('[EX11] go first where they wait, and share the way where none does', async () => {
    const world = createWorld(60);
    const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
    const root = leecher.holding.root;
    leecher.swarm.urge(root).set({ first: 10, end: 14, until: 14, waiting: false });
    leecher.swarm.urge(root).set({ first: 20, end: 24, until: 24, waiting: false });
    leecher.swarm.urge(root).set({ first: 50, end: 54, until: 54, waiting: true });
    await world.fetch(leecher, [holder]);
    const came = order(leecher).slice(URGENT_BLOCKS);
    expect(came.slice(0, 4)).toEqual(blocks(50, 54));
    expect(came.slice(4, 12)).toEqual([10, 20, 11, 21, 12, 22, 13, 23]);
  });

  it('[EX11] jump to another place while it is fetched, and hurry nothing once they have left', async () => {
    const world = createWorld(120, { blockBytes: 400_000, latencyMs: () => 50 });
    const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
    const urge = leecher.swarm.urge(leecher.holding.root);
    urge.set({ first: 10, end: 15, until: 120, waiting: true });
    const run = world.fetch(leecher, [holder]);
    while (!leecher.holding.has(12)) await world.clock.advance(1);
    const before = order(leecher).length;
    urge.set({ first: 80, end: 85, until: 120, waiting: true });
    while (!leecher.holding.has(84)) await world.clock.advance(1);
    // What was on its way when the reader jumped, at most 4 MiB, comes before.
    const late = order(leecher).length - before;
    expect(late).toBeLessThan(20);
    urge.set({ first: 90, end: 91, until: 120, waiting: false });
    urge.release();
    await run;
    expect(leecher.holding.kept()).toBe(120);
    const rest = order(leecher).slice(before + late);
    expect(rest).not.toEqual(rest.toSorted((a, b) => a - b));
    expect(rest[0]).not.toBe(90);
  });

  it('[EX12] do not wait for a source that has fallen silent', async () => {
    let silent: string | undefined;
    const world = createWorld(40, { drops: (from, _, protocol) => from === silent && protocol === 'bulk' });
    // A block is missing that nobody has, so it is never the end, where any block is asked of two.
    const [mute, honest] = [
      await world.peer({ has: blocks(0, 39) }),
      await world.peer({ has: blocks(0, 39) }),
    ];
    const leecher = await world.peer({ has: [] });
    silent = mute.id;
    leecher.swarm.urge(leecher.holding.root).set({ first: 20, end: 24, until: 24, waiting: true });
    const startedAt = world.clock.now();
    const over = new AbortController();
    const run = world
      .fetch(leecher, [mute, honest], { signal: over.signal })
      .catch((cause: unknown) => cause);
    while (!leecher.holding.has(20)) await world.clock.advance(10);
    // The silent one is given up after 8 s.
    expect(world.clock.now() - startedAt).toBeLessThan(2_000);
    over.abort(new Error('enough'));
    await run;
  });

  it('[EX13] get what they read, also where it was not chosen, and the fetch ends after that', async () => {
    const world = createWorld(30);
    const holder = await world.peer({ has: true });
    const leecher = await world.peer({ wants: new Uint8Array(30).fill(SKIPPED) });
    const urge = leecher.swarm.urge(leecher.holding.root);
    urge.set({ first: 5, end: 7, until: 9, waiting: true });
    const run = world.fetch(leecher, [holder]);
    while (!leecher.holding.has(6)) await world.clock.advance(1);
    await world.clock.advance(500);
    expect(order(leecher)).toEqual([5, 6]);
    urge.set({ first: 7, end: 9, until: 9, waiting: true });
    await run;
    expect(order(leecher)).toEqual(blocks(5, 9));
  });
});
