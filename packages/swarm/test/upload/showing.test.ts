import { describe, expect, it } from 'vitest';
import { SKIPPED, WANTED } from '../../src/library.ts';
import { countBits, hasBit } from '../../src/bitfield.ts';
import { createWorld, URGENT_BLOCKS, type Peer } from '../world.ts';

const KIB = 1024;

async function setUp(takers: number, { blocks = 96, seed = 1 } = {}) {
  const world = createWorld(blocks, {
    seed,
    blockBytes: 64 * KIB,
    latencyMs: () => 20,
    uplink: () => 512 * KIB,
  });
  const seeder = await world.peer({ has: true, isOrigin: true });
  const leechers: Peer[] = [];
  for (let i = 0; i < takers; i += 1) leechers.push(await world.peer());
  return { world, seeder, leechers };
}

describe('a tab that has the only copy', () => {
  it.each([1, 2, 3])(
    '[UP9] shows different blocks to each, and gives each once first (seed %i)',
    async (seed) => {
      const { world, seeder, leechers } = await setUp(4, { seed });
      const fetches = leechers.map((leecher) => world.begin(leecher, [seeder]));
      await world.clock.advance(4_000);
      const shown = leechers.map((leecher) => leecher.heardOf(seeder));
      for (let index = 0; index < URGENT_BLOCKS; index += 1)
        expect(shown.every((bits) => hasBit(bits, index))).toBe(true);
      let once = 0;
      for (let index = URGENT_BLOCKS; index < world.blocks; index += 1) {
        const times = shown.filter((bits) => hasBit(bits, index)).length;
        expect(times).toBeLessThanOrEqual(1);
        once += times;
      }
      expect(once).toBeGreaterThan(20);
      for (const fetch of fetches) await fetch.stop();
    },
  );

  it('[UP9] shows a single peer everything after two seconds, and until then as much as it can take', async () => {
    const { world, seeder, leechers } = await setUp(1, { blocks: 400 });
    const [leecher] = leechers as [Peer];
    const fetch = world.begin(leecher, [seeder]);
    await world.clock.advance(1_900);
    // All that the line carries, but for what it takes to begin.
    expect(leecher.bytesReceived()).toBeGreaterThan(1.6 * 512 * KIB);
    expect(countBits(leecher.heardOf(seeder))).toBeLessThan(60);
    await world.clock.advance(500);
    expect(countBits(leecher.heardOf(seeder))).toBe(400);
    await fetch.stop();
  });

  it('[UP9] shows everything to all once somebody else has all of it', async () => {
    const { world, seeder, leechers } = await setUp(3);
    const [first, second, third] = leechers as [Peer, Peer, Peer];
    const fetches = [second, third].map((leecher) => world.begin(leecher, [seeder, second, third]));
    await world.clock.advance(1_000);
    expect(countBits(second.heardOf(seeder))).toBeLessThan(40);
    while (!fetches.every((fetch) => fetch.isOver())) await world.clock.advance(100);
    const late = world.begin(first, [seeder]);
    await world.clock.advance(200);
    expect(countBits(first.heardOf(seeder))).toBe(world.blocks);
    await late.stop();
  });

  it('[UP9] shows little more to a peer that passes nothing on', async () => {
    const { world, seeder, leechers } = await setUp(4, { blocks: 400 });
    const rider = await world.peer({ rides: 'refusing' });
    const all = [rider, ...leechers];
    const fetches = all.map((leecher) =>
      world.begin(leecher, [seeder, ...all.filter((other) => other !== leecher)]),
    );
    await world.clock.advance(40_000);
    const [kept, ...passed] = all.map((leecher) => countBits(leecher.heardOf(seeder)));
    expect(kept).toBeLessThan(Math.min(...passed) / 2);
    for (const fetch of fetches) await fetch.stop();
  });

  it.each(['done with its part', 'paused'])(
    '[UP9] holds nothing back from one that fetches because another is %s',
    async (other) => {
      const { world, seeder, leechers } = await setUp(1);
      const [leecher] = leechers as [Peer];
      const wants = new Uint8Array(world.blocks).fill(SKIPPED).fill(WANTED, 0, 6);
      const idle = await world.peer(other === 'paused' ? {} : { wants });
      const fetching = world.begin(idle, [seeder]);
      await world.clock.advance(other === 'paused' ? 300 : 10_000);
      await fetching.stop();
      expect(idle.holding.kept()).toBeLessThanOrEqual(6);
      const fetch = world.begin(leecher, [seeder, idle]);
      await world.clock.advance(40_000);
      expect(leecher.holding.kept()).toBe(world.blocks);
      await fetch.stop();
    },
  );

  it('[UP9] goes on with what a peer took away with it', async () => {
    const { world, seeder, leechers } = await setUp(3);
    const [first, second, third] = leechers as [Peer, Peer, Peer];
    const left = world.begin(first, [seeder]);
    const fetches = [second, third].map((leecher) => world.begin(leecher, [seeder, second, third]));
    await world.clock.advance(2_000);
    await left.stop();
    await first.transport.stop();
    for (let passed = 0; !fetches.every((fetch) => fetch.isOver()); passed += 1) {
      if (passed > 60) throw new Error('not done');
      await world.clock.advance(1_000);
    }
    expect(second.holding.kept() + third.holding.kept()).toBe(2 * world.blocks);
  });

  it('[UP10] shows a reader what it reads, and one that wants a part blocks of that part', async () => {
    const { world, seeder, leechers } = await setUp(3);
    const [reader, chooser, third] = leechers as [Peer, Peer, Peer];
    const priorities = new Uint8Array(world.blocks).fill(SKIPPED).fill(WANTED, 50, 60).fill(WANTED, 70, 75);
    chooser.choose(priorities);
    const fetches = [reader, chooser, third].map((leecher) => world.begin(leecher, [seeder]));
    await world.clock.advance(1_500);
    reader.swarm.urge(reader.holding.root).set({ first: 30, end: 34, until: 34, waiting: true });
    await world.clock.advance(6_000);
    expect([30, 31, 32, 33].every((index) => reader.holding.has(index))).toBe(true);
    expect(chooser.holding.kept()).toBeGreaterThanOrEqual(15);
    expect(fetches[1]?.isOver()).toBe(true);
    // Another choice in the middle of it.
    chooser.choose(undefined);
    const again = world.begin(chooser, [seeder]);
    const before = chooser.holding.kept();
    await world.clock.advance(3_000);
    expect(chooser.holding.kept()).toBeGreaterThan(before);
    for (const fetch of [...fetches, again]) await fetch.stop();
  });
});
