import { swarmMessage, type SwarmMessage } from '@tabswarm/protocol/swarm';
import { describe, expect, it } from 'vitest';
import { createWorld, ROOT, type Peer } from '../world.ts';

const KIB = 1024;

/** Only these can be linked to, so that those who fetch do not help each other. */
let holders = new Set<string>();
const withHolders = (a: string, b: string): boolean => holders.has(a) || holders.has(b);

describe('more peers than slots', () => {
  it.each([1, 2])(
    '[UP1] are all served in the end, and nothing is lost or sent in vain (seed %i)',
    async (seed) => {
      const blocks = 24;
      const blockBytes = 128 * KIB;
      const world = createWorld(blocks, {
        connectable: withHolders,
        seed,
        blockBytes,
        latencyMs: () => 20,
        uplink: () => 512 * KIB,
      });
      const seeder = await world.peer({ has: true });
      holders = new Set([seeder.id]);
      const leechers: Peer[] = [];
      for (let i = 0; i < 13; i += 1) leechers.push(await world.peer());
      const fetches = leechers.map((leecher) => world.begin(leecher, [seeder]));
      await world.clock.advance(8_000);
      const served = leechers.filter(({ bytesReceived }) => bytesReceived() > blockBytes / 2);
      expect(served).toHaveLength(9);
      // The others have been told so, and do not ask again and again.
      for (const leecher of leechers)
        if (!served.includes(leecher)) expect(leecher.questions()).toBeLessThan(8);
      // Who has no slot knows what the share is all the same.
      expect(leechers.every(({ holding }) => holding.layout() !== undefined)).toBe(true);
      for (let passed = 0; !fetches.every((fetch) => fetch.isOver()); passed += 1) {
        if (passed > 300) throw new Error(`not done (seed ${seed})`);
        await world.clock.advance(1_000);
      }
      for (const leecher of leechers) {
        expect(leecher.holding.kept()).toBe(blocks);
        expect(leecher.entries.filter(({ message }) => message === 'a source did not deliver')).toEqual([]);
        expect(leecher.bytesReceived()).toBeLessThan(blocks * blockBytes + 1 * KIB);
      }
    },
  );

  it.each([1, 2])(
    '[UP8] are no more than a slow line can serve without a silence (seed %i)',
    async (seed) => {
      const blockBytes = 256 * KIB;
      const world = createWorld(100, {
        connectable: withHolders,
        seed,
        blockBytes,
        latencyMs: () => 20,
        uplink: () => 48 * KIB,
      });
      const seeder = await world.peer({ has: true });
      holders = new Set([seeder.id]);
      const leechers: Peer[] = [];
      for (let i = 0; i < 8; i += 1) leechers.push(await world.peer());
      const fetches = leechers.map((leecher) => world.begin(leecher, [seeder]));
      await world.clock.advance(300_000);
      const complaints = leechers.flatMap(({ entries }) =>
        entries.filter(({ message }) => message === 'a source did not deliver'),
      );
      expect(complaints).toEqual([]);
      const received = leechers.reduce((sum, leecher) => sum + leecher.bytesReceived(), 0);
      const kept = leechers.reduce((sum, { holding }) => sum + holding.kept() * blockBytes, 0);
      expect(received / (300 * 48 * KIB)).toBeGreaterThan(0.95);
      expect(kept).toBeGreaterThan(received - 4 * blockBytes);
      for (const fetch of fetches) await fetch.stop();
    },
  );

  it('[UP4] are told what the share is without a slot', async () => {
    const world = createWorld(200, {
      connectable: withHolders,
      blockBytes: 128 * KIB,
      uplink: () => 1024 * KIB,
    });
    const seeder = await world.peer({ has: true });
    holders = new Set([seeder.id]);
    const early: Peer[] = [];
    for (let i = 0; i < 9; i += 1) early.push(await world.peer());
    const fetches = early.map((leecher) => world.begin(leecher, [seeder]));
    await world.clock.advance(3_000);
    const late = await world.peer();
    fetches.push(world.begin(late, [seeder]));
    await world.clock.advance(1_000);
    expect(late.holding.layout()).toBeDefined();
    expect(late.holding.kept()).toBe(0);
    for (const fetch of fetches) await fetch.stop();
  });

  it('[UP1] ask others who have it meanwhile', async () => {
    const world = createWorld(40, {
      connectable: withHolders,
      blockBytes: 128 * KIB,
      uplink: () => 256 * KIB,
    });
    const [crowded, other] = [await world.peer({ has: true }), await world.peer({ has: true })];
    holders = new Set([crowded.id, other.id]);
    const crowd: Peer[] = [];
    for (let i = 0; i < 9; i += 1) crowd.push(await world.peer());
    const fetches = crowd.map((leecher) => world.begin(leecher, [crowded]));
    await world.clock.advance(2_000);
    const late = await world.peer();
    fetches.push(world.begin(late, [crowded, other]));
    await world.clock.advance(9_000);
    const given = late.swarm.activity(late.holding.root).sources;
    expect(given.find(({ peer }) => peer === crowded.id)?.bytes).toBe(0);
    expect(given.find(({ peer }) => peer === other.id)?.bytes).toBeGreaterThan(6 * 240 * KIB);
    for (const fetch of fetches) await fetch.stop();
  });

  it.each([2, 9])(
    '[UP2] are served also where %i others hold on to slots and take nothing',
    async (count) => {
      const world = createWorld(24, { blockBytes: 64 * KIB, latencyMs: () => 20, uplink: () => 512 * KIB });
      const seeder = await world.peer({ has: true });
      for (let made = 0; made < count; made += 1) {
        const dialing = (await world.mute()).dial(seeder.id);
        await world.clock.advance(500);
        const channel = (await dialing).channel('swarm');
        const say = (message: SwarmMessage): void => void channel.send(swarmMessage.encode(message));
        say({ type: 'credit', bytes: 0, limited: true });
        say({ type: 'askBlocks', request: 1, root: ROOT, indexes: [0] });
      }
      for (let fetched = 0; fetched < 3; fetched += 1) {
        const fetch = world.begin(await world.peer(), [seeder]);
        await world.clock.advance(30_000);
        expect(fetch.isOver()).toBe(true);
      }
    },
  );
});
