import { describe, expect, it } from 'vitest';
import { createWorld, type Peer, type World } from '../world.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes in each second of so many. */
async function eachSecond(world: World, seconds: number, bytes: () => number): Promise<number[]> {
  const samples: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    const before = bytes();
    await world.clock.advance(1_000);
    samples.push(bytes() - before);
  }
  return samples;
}

const mean = (samples: readonly number[]): number =>
  samples.reduce((sum, bytes) => sum + bytes, 0) / samples.length;
const complaints = (peers: readonly Peer[]): unknown[] =>
  peers.flatMap(({ entries }) => entries.filter(({ message }) => message === 'a source did not deliver'));

async function setUp(
  { givers, takers, blockBytes = 256 * KIB }: { givers: number; takers: number; blockBytes?: number },
  seed = 1,
) {
  const holders: Peer[] = [];
  const world = createWorld(200, {
    seed,
    blockBytes,
    latencyMs: () => 20,
    uplink: () => 4 * MIB,
    // Those who fetch cannot help each other.
    connectable: (a, b) => holders.some(({ id }) => id === a || id === b),
  });
  for (let i = 0; i < givers; i += 1) holders.push(await world.peer({ has: true }));
  const leechers: Peer[] = [];
  for (let i = 0; i < takers; i += 1) leechers.push(await world.peer());
  const fetches = leechers.map((leecher) => world.begin(leecher, holders));
  return {
    world,
    holders,
    leechers,
    stop: () => Promise.all(fetches.map((fetch) => fetch.stop())),
  };
}

describe('a limit', () => {
  it('[UP6] for what is sent is kept from the first second on, for all peers together, and lifted at once', async () => {
    const { world, holders, leechers, stop } = await setUp({ givers: 1, takers: 3 });
    const [seeder] = holders as [Peer];
    await world.clock.advance(1_000);
    expect(seeder.bytesSent()).toBeGreaterThan(2 * MIB);
    seeder.swarm.setLimits({ up: 300 * KIB });
    await world.clock.advance(1_000);
    const samples = await eachSecond(world, 20, seeder.bytesSent);
    expect(mean(samples) / (300 * KIB)).toBeGreaterThan(0.97);
    expect(mean(samples) / (300 * KIB)).toBeLessThan(1.01);
    expect(Math.max(...samples) / (300 * KIB)).toBeLessThan(1.3);
    seeder.swarm.setLimits({});
    await world.clock.advance(1_000);
    expect(mean(await eachSecond(world, 2, seeder.bytesSent))).toBeGreaterThan(2 * MIB);
    expect(complaints(leechers)).toEqual([]);
    await stop();
  });

  it('[UP7] for what is received is kept from the first second on, from all sources together, and lifted at once', async () => {
    const { world, leechers, stop } = await setUp({ givers: 3, takers: 1 });
    const [leecher] = leechers as [Peer];
    await world.clock.advance(1_000);
    expect(leecher.bytesReceived()).toBeGreaterThan(2 * MIB);
    leecher.swarm.setLimits({ down: 300 * KIB });
    await world.clock.advance(1_000);
    const samples = await eachSecond(world, 20, leecher.bytesReceived);
    expect(mean(samples) / (300 * KIB)).toBeGreaterThan(0.97);
    expect(mean(samples) / (300 * KIB)).toBeLessThan(1.03);
    expect(Math.max(...samples) / (300 * KIB)).toBeLessThan(1.5);
    leecher.swarm.setLimits({});
    await world.clock.advance(1_000);
    expect(mean(await eachSecond(world, 2, leecher.bytesReceived))).toBeGreaterThan(2 * MIB);
    expect(complaints(leechers)).toEqual([]);
    await stop();
  });

  it('[UP7] that was there before a source was is kept as well', async () => {
    const world = createWorld(100, { blockBytes: 256 * KIB });
    const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
    leecher.swarm.setLimits({ down: 200 * KIB });
    const fetch = world.begin(leecher, [holder]);
    await world.clock.advance(20_000);
    expect(leecher.bytesReceived() / (20 * 200 * KIB)).toBeGreaterThan(0.9);
    expect(leecher.bytesReceived() / (20 * 200 * KIB)).toBeLessThan(1.03);
    await fetch.stop();
  });

  it.each([1, 2])('[UP7] loses nothing by questions that are cancelled (seed %i)', async (seed) => {
    // What is sent waits for the giver's limit, or for its line.
    for (const slow of ['limit', 'line'] as const) {
      const line = slow === 'line' ? { uplink: () => 100 * KIB } : {};
      const world = createWorld(16, { seed, blockBytes: 256 * KIB, latencyMs: () => 20, ...line });
      const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
      if (slow === 'limit') holder.swarm.setLimits({ up: 100 * KIB });
      leecher.swarm.setLimits({ down: 200 * KIB });
      for (let pause = 0; pause < 5; pause += 1) {
        const cancelled = world.begin(leecher, [holder]);
        await world.clock.advance(3_333);
        await cancelled.stop();
        await world.clock.advance(500);
      }
      const fetch = world.begin(leecher, [holder]);
      await world.clock.advance(60_000);
      expect(leecher.holding.kept(), slow).toBe(16);
      expect(complaints([leecher])).toEqual([]);
      await fetch.stop();
    }
  });

  it('[UP7] asks for no more ahead than it can take in soon', async () => {
    const { world, leechers, stop } = await setUp({ givers: 3, takers: 1, blockBytes: MIB });
    const [leecher] = leechers as [Peer];
    leecher.swarm.setLimits({ down: 128 * KIB });
    await world.clock.advance(60_000);
    expect(leecher.holding.kept()).toBeGreaterThan(4);
    expect(leecher.questions()).toBeLessThanOrEqual(leecher.holding.kept() + 1);
    await stop();
  });

  it('[UP8] that is so low that a part takes longer than a source may be silent makes it no silent source', async () => {
    const { world, leechers, stop } = await setUp({ givers: 2, takers: 1 });
    const [leecher] = leechers as [Peer];
    leecher.swarm.setLimits({ down: 4 * KIB });
    await world.clock.advance(1_000);
    const samples = await eachSecond(world, 200, leecher.bytesReceived);
    expect(mean(samples) / (4 * KIB)).toBeGreaterThan(0.9);
    expect(complaints(leechers)).toEqual([]);
    await stop();
  });

  it.each([1, 2])(
    '[UP8] that is low makes no source look stalled, and wastes nothing (seed %i)',
    async (seed) => {
      for (const [side, givers, takers] of [
        ['up', 1, 4],
        ['down', 3, 1],
      ] as const) {
        const { world, holders, leechers, stop } = await setUp({ givers, takers, blockBytes: MIB }, seed);
        const all = [...holders, ...leechers];
        for (const peer of side === 'up' ? holders : leechers) peer.swarm.setLimits({ [side]: 32 * KIB });
        const total = (): number => leechers.reduce((sum, leecher) => sum + leecher.bytesReceived(), 0);
        await world.clock.advance(5_000);
        const rate = mean(await eachSecond(world, 200, total)) / (32 * KIB);
        expect(rate).toBeGreaterThan(0.95);
        expect(rate).toBeLessThan(1.03);
        expect(complaints(all)).toEqual([]);
        // Whole blocks came, and of the others what was in the middle.
        const kept = leechers.reduce((sum, { holding }) => sum + holding.kept(), 0) * MIB;
        expect(kept).toBeGreaterThanOrEqual(total() - takers * MIB);
        await stop();
      }
    },
  );
});
