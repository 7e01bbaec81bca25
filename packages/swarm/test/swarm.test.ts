import type { Root } from '@tabswarm/protocol/ids';
import {
  encodePart,
  PART_BYTES,
  swarmMessage,
  SWARM_VERSION,
  type SwarmMessage,
} from '@tabswarm/protocol/swarm';
import { describe, expect, it, vi } from 'vitest';
import { countListeners } from './listeners.ts';
import { BLOCK_BYTES, createWorld, ROOT, rootOf, URGENT_BLOCKS, type Peer } from './world.ts';

describe('fetching a share', () => {
  it('[EX1] takes every block from one holder, each once', async () => {
    const world = createWorld(20);
    const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
    const events = await world.fetch(leecher, [holder]);
    expect(leecher.holding.kept()).toBe(20);
    expect([...leecher.holding.offered.values()]).toEqual(Array.from({ length: 20 }, () => 1));
    expect(events.map(({ type }) => type)).toEqual(['reaching', 'joined', 'informed']);
  });

  it('[EX1] does not ask again for a block that is being stored', async () => {
    const world = createWorld(30);
    const [one, two] = [await world.peer({ has: true }), await world.peer({ has: true })];
    const leecher = await world.peer({ storeMs: 300 });
    await world.fetch(leecher, [one, two]);
    const sent = [one, two].map(({ transport }) => transport.link(leecher.id)?.stats().bytesSent ?? 0);
    // Near the end a block may be asked of both; but none of one of them twice.
    expect([...leecher.holding.offered.values()].every((times) => times <= 2)).toBe(true);
    expect(Math.max(...sent)).toBeLessThan(31 * BLOCK_BYTES);
    const alone = await world.peer({ storeMs: 300 });
    await world.fetch(alone, [one]);
    expect([...alone.holding.offered.values()].every((times) => times === 1)).toBe(true);
  });

  it('[EX2] asks for nothing that is here already', async () => {
    const world = createWorld(20);
    const [holder, leecher] = [await world.peer({ has: true }), await world.peer({ has: [0, 3, 19] })];
    await world.fetch(leecher, [holder]);
    expect(leecher.holding.kept()).toBe(20);
    expect([...leecher.holding.offered.keys()].toSorted((a, b) => a - b)).not.toContain(3);
    expect(leecher.holding.offered.size).toBe(17);
  });

  it('[EX28] asks for the info dictionary as it says that it takes part', async () => {
    const world = createWorld(4, { latencyMs: () => 100 });
    const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
    const fetching = world.begin(leecher, [holder]);
    while (!leecher.transport.link(holder.id)) await world.clock.advance(1);
    await world.clock.advance(210);
    expect(leecher.holding.layout()).toBeDefined();
    await fetching.stop();
  });

  it.each(['says nothing', 'sends a part', 'refuses'] as const)(
    '[EX28] waits for nobody who was asked so and has not said that it has one (%s)',
    async (what) => {
      const world = createWorld(4, { latencyMs: () => 20 });
      const [mute, leecher] = [await world.mute(), await world.peer()];
      const holder = await world.peer({ has: true });
      const said: SwarmMessage[] = [];
      mute.onLink((link) => {
        link.channel('swarm').receive((bytes) => {
          const message = swarmMessage.decode(bytes);
          said.push(message);
          if (message.type !== 'askInfo') return;
          const { request } = message;
          const part = { request, total: 2 * PART_BYTES, offset: 0, payload: new Uint8Array(PART_BYTES) };
          if (what === 'sends a part') void link.bulk.send(encodePart(part));
          else if (what === 'refuses')
            void link
              .channel('swarm')
              .send(swarmMessage.encode({ type: 'refuse', request, reason: 'absent' }));
        });
      });
      const fetching = world.begin(leecher, [{ id: mute.self }, holder]);
      await world.clock.advance(300);
      expect(leecher.holding.kept()).toBe(4);
      expect(said.filter(({ type }) => type === 'askInfo')).toHaveLength(1);
      if (what !== 'refuses') expect(said.some(({ type }) => type === 'cancel')).toBe(true);
      await fetching.stop();
    },
  );

  it('[EX10] asks for urgent blocks before all others', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const world = createWorld(40, { seed });
      const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
      await world.fetch(leecher, [holder]);
      expect([...leecher.holding.offered.keys()].slice(0, URGENT_BLOCKS).toSorted((a, b) => a - b)).toEqual([
        0, 1,
      ]);
    }
  });

  it('[EX3] uses all holders at once', async () => {
    const world = createWorld(60);
    const holders = [
      await world.peer({ has: true }),
      await world.peer({ has: true }),
      await world.peer({ has: true }),
    ];
    const leecher = await world.peer();
    await world.fetch(leecher, holders);
    for (const { transport } of holders) {
      const sent = transport.link(leecher.id)?.stats().bytesSent ?? 0;
      expect(sent).toBeGreaterThan(5 * BLOCK_BYTES);
    }
  });

  it('[EX3] puts a share together that no single peer holds whole', async () => {
    const world = createWorld(10);
    const even = await world.peer({ has: [0, 2, 4, 6, 8] });
    const odd = await world.peer({ has: [1, 3, 5, 7, 9] });
    const leecher = await world.peer();
    await world.fetch(leecher, [even, odd]);
    expect(leecher.holding.kept()).toBe(10);
  });

  it('[EX4] a peer that is still fetching serves what it has', async () => {
    const world = createWorld(30);
    const [seeder, middle, last] = [await world.peer({ has: true }), await world.peer(), await world.peer()];
    // The last knows of nobody but the middle, which has nothing at first.
    const both = Promise.all([world.fetch(middle, [seeder]), world.fetch(last, [middle])]);
    await both;
    expect(last.holding.kept()).toBe(30);
    expect(last.transport.link(seeder.id)).toBeUndefined();
  });

  it('[EX5] refuses a corrupt block, names and bans its sender, and takes the block elsewhere', async () => {
    const world = createWorld(12);
    const poisoner = await world.peer({
      has: true,
      lie(_, block) {
        const bytes = new Uint8Array(block);
        bytes[77] = (bytes[77] ?? 0) ^ 1;
        return bytes.buffer;
      },
    });
    const honest = await world.peer({ has: true });
    const leecher = await world.peer();
    const events = await world.fetch(leecher, [poisoner, honest]);
    expect(leecher.holding.kept()).toBe(12);
    expect(events).toContainEqual({ type: 'banned', peer: poisoner.id, what: 'block' });
    const named = leecher.entries.filter(({ message }) => message === 'refused a corrupt block');
    expect(named[0]?.fields['peer']).toBe(poisoner.id);
    expect(named.every(({ fields }) => fields['peer'] === poisoner.id)).toBe(true);
  });

  it('[EX5] does not use a banned peer again when it comes back', async () => {
    const world = createWorld(6);
    const poisoner = await world.peer({ has: true, lie: () => new Uint8Array(BLOCK_BYTES).buffer });
    const [leecher, honest] = [await world.peer(), await world.peer({ has: true })];
    await world.fetch(leecher, [poisoner, honest]);
    leecher.transport.link(poisoner.id)?.close('pruned');
    const events = await world.fetch(leecher, [poisoner]);
    expect(events.some((event) => event.type === 'joined' && event.peer === poisoner.id)).toBe(false);
  });

  it('[EX6] goes on with the others when a holder goes away in the middle', async () => {
    const world = createWorld(80);
    const [first, second, leecher] = [
      await world.peer({ has: true }),
      await world.peer({ has: true }),
      await world.peer(),
    ];
    const run = world.fetch(leecher, [first, second]);
    while (leecher.holding.kept() < 10) await world.clock.advance(1);
    await first.transport.stop();
    await run;
    expect(leecher.holding.kept()).toBe(80);
  });

  it('[EX6] asks somebody else where a holder falls silent', async () => {
    let silent: string | undefined;
    const world = createWorld(8, { drops: (from, _, protocol) => from === silent && protocol === 'bulk' });
    const [mute, honest, leecher] = [
      await world.peer({ has: true }),
      await world.peer({ has: true }),
      await world.peer(),
    ];
    silent = mute.id;
    await world.fetch(leecher, [mute, honest]);
    expect(leecher.holding.kept()).toBe(8);
  });

  it('[EX6] hears of a holder that removes the share, and takes the rest from another', async () => {
    const world = createWorld(80);
    const [first, second] = [await world.peer({ has: true }), await world.peer({ has: true })];
    const leecher = await world.peer();
    const over = new AbortController();
    const run = world.fetch(leecher, [first], { signal: over.signal }).catch((cause: unknown) => cause);
    while (leecher.holding.kept() < 10) await world.clock.advance(1);
    first.remove();
    await world.clock.advance(50);
    expect(leecher.swarm.activity(leecher.holding.root).sources).toEqual([]);
    expect(leecher.swarm.uses(first.id)).toBe(false);
    over.abort(new Error('enough'));
    expect(await run).toMatchObject({ message: 'enough' });
    await world.fetch(leecher, [second]);
    expect(leecher.holding.kept()).toBe(80);
  });

  it('[EX3] is not kept from a holder by any number of others who have nothing', async () => {
    const world = createWorld(20);
    const leecher = await world.peer({ has: [] });
    const empty = [];
    for (let i = 0; i < 10; i += 1) empty.push(await world.peer({ has: [] }));
    const holder = await world.peer({ has: true });
    const mostListeners = countListeners();
    await world.fetch(leecher, [...empty, holder]);
    expect(leecher.holding.kept()).toBe(20);
    // Beyond this Node warns of a leak.
    expect(mostListeners()).toBeLessThanOrEqual(10);
  });

  it('[EX23] links to a moderate number of nodes for any number of shares, and uses those it has', async () => {
    const world = createWorld(4, { maxLinks: 200 });
    const shares = Array.from({ length: 100 }, (_, share) => share);
    const leecher = await world.peer({ shares });
    const over = new AbortController();
    const fetch = async (root: Root, holder: Peer): Promise<void> => {
      const holderIds = (async function* () {
        yield await Promise.resolve(holder.id);
      })();
      for await (const _ of leecher.swarm.fetch(root, holderIds, over));
    };
    const running: Promise<unknown>[] = [];
    const holders: Peer[] = [];
    for (const share of shares) {
      const holder = await world.peer({ has: [0, 1], shares: [share] });
      holders.push(holder);
      running.push(fetch(rootOf(share), holder));
    }
    await world.clock.advance(5_000);
    expect(leecher.transport.links()).toHaveLength(56);
    const linked = holders.find(({ id }) => leecher.transport.link(id)) as Peer;
    running.push(fetch(leecher.holding.root, linked));
    await world.clock.advance(1_000);
    const { sources } = leecher.swarm.activity(leecher.holding.root);
    expect(sources.map(({ peer }) => peer)).toEqual([linked.id]);
    over.abort(new Error('seen'));
    await Promise.allSettled(running);
  });

  it('[EX1] asks for a moderate number of blocks at a time, however small they are', async () => {
    const world = createWorld(4_000, { blockBytes: 50 });
    const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
    await world.fetch(leecher, [holder]);
    expect(leecher.holding.kept()).toBe(4_000);
    expect(leecher.entries.filter(({ message }) => message === 'a source did not deliver')).toEqual([]);
  });

  it('[EX7] says so where blocks cannot be stored, and keeps what it has', async () => {
    let full = false;
    const world = createWorld(10);
    const holder = await world.peer({ has: true });
    const leecher = await world.peer({
      storeError: () => (full ? new DOMException('no room', 'QuotaExceededError') : undefined),
    });
    const run = world.fetch(leecher, [holder]).catch((cause: unknown) => cause);
    while (leecher.holding.kept() < 3) await world.clock.advance(1);
    full = true;
    expect(await run).toMatchObject({ name: 'QuotaExceededError' });
    expect(leecher.holding.kept()).toBeGreaterThanOrEqual(3);
    full = false;
    await world.fetch(leecher, [holder]);
    expect(leecher.holding.kept()).toBe(10);
  });

  it('stops when it is told to', async () => {
    const world = createWorld(10);
    const [holder, leecher] = [await world.peer({ has: [0] }), await world.peer()];
    const over = new AbortController();
    const run = world.fetch(leecher, [holder], { signal: over.signal }).catch((cause: unknown) => cause);
    while (leecher.holding.kept() < 1) await world.clock.advance(1);
    over.abort(new Error('enough'));
    expect(await run).toMatchObject({ message: 'enough' });
  });

  it('[EX6] has no more to do with a peer for each time that it left and joined', async () => {
    const world = createWorld(4);
    const [leecher, other, guest] = [await world.peer(), await world.peer({ has: [0] }), await world.mute()];
    const fetching = world.begin(leecher, [other]);
    const dialing = guest.dial(leecher.id);
    await world.clock.advance(500);
    const link = await dialing;
    const say = (message: SwarmMessage): void =>
      void link.channel('swarm').send(swarmMessage.encode(message), { signal: link.closed });
    const join = (): void =>
      say({
        type: 'join',
        version: SWARM_VERSION,
        root: ROOT,
        have: new Uint8Array(1),
        whole: false,
        info: false,
        answer: true,
      });
    const looks = vi.spyOn(leecher.holding, 'isChosen');
    const looksForOne = async (): Promise<number> => {
      looks.mockClear();
      say({ type: 'unchoke' });
      await world.clock.advance(5);
      return looks.mock.calls.length;
    };
    join();
    await world.clock.advance(20);
    expect(await looksForOne()).toBeGreaterThan(0);
    for (let time = 0; time < 50; time += 1) {
      say({ type: 'leave', root: ROOT });
      join();
    }
    await world.clock.advance(20);
    expect(await looksForOne()).toBeLessThan(5);
    await fetching.stop();
  });

  it('[EX8] tells only those of a share who show that they know it', async () => {
    const world = createWorld(4);
    const [holder, leecher, bystander] = [
      await world.peer({ has: true }),
      await world.peer(),
      await world.peer(),
    ];
    const heard: Uint8Array[] = [];
    bystander.transport.onLink((link) => {
      link.channel('swarm').receive((message) => heard.push(message));
    });
    const dial = leecher.transport.dial(bystander.id);
    await world.clock.advance(10);
    await dial;
    await world.fetch(leecher, [holder]);
    expect(heard).toEqual([]);
  });
});
