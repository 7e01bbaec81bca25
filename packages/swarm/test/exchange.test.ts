import type { Link, Transport } from '@tabswarm/net';
import type { Identity } from '@tabswarm/protocol/identity';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { MAX_STATEMENTS, SWARM_VERSION, swarmMessage, type SwarmMessage } from '@tabswarm/protocol/swarm';
import { sealStatement } from '@tabswarm/protocol/taking-part';
import { describe, expect, it } from 'vitest';
import { createWorld, type Peer, type World } from './world.ts';

const MINUTE_MS = 60_000;
/** Nobody but this one has it, so who lacks it goes on looking for sources. */
const LAST = 39;
const ALL_BUT_LAST = Array.from({ length: LAST }, (_, i) => i);

/** Fetches in the background until the test is over. */
function fetching(world: World, peer: Peer, holders: readonly Peer[]): AbortController {
  const over = new AbortController();
  world.fetch(peer, holders, { limitMs: 60 * MINUTE_MS, signal: over.signal }).catch(() => undefined);
  return over;
}

const isLinked = (a: Peer, b: Peer): boolean => a.transport.link(b.id) !== undefined;

async function link(world: World, from: Transport, to: Peer): Promise<Link> {
  const dial = from.dial(to.id);
  await world.clock.advance(20);
  return dial;
}

/** A node that says what it likes to another one, as one that takes part in the share. */
async function createLiar(world: World, target: Peer) {
  const { root } = target.holding;
  const channel = (await link(world, await world.mute(), target)).channel('swarm');
  const say = (message: SwarmMessage): Promise<void> => channel.send(swarmMessage.encode(message));
  await say({
    type: 'join',
    version: SWARM_VERSION,
    root,
    have: new Uint8Array(),
    whole: false,
    info: false,
    answer: false,
  });
  await world.clock.advance(20);
  return { say, root };
}

describe('those who take part in a share', () => {
  it('[EX21] tell one another of more, so that one who knows of one finds all', async () => {
    for (const seed of [1, 2, 3]) {
      const world = createWorld(LAST + 1, { seed });
      const first = await world.peer({ has: ALL_BUT_LAST });
      const others: Peer[] = [];
      for (let i = 0; i < 5; i += 1) others.push(await world.peer({ has: ALL_BUT_LAST.slice(i) }));
      const running = others.map((peer) => fetching(world, peer, [first]));
      await world.clock.advance(1_000);
      const newcomer = await world.peer();
      running.push(fetching(world, newcomer, [first]));
      await world.clock.advance(15_000);
      for (const peer of others) expect(isLinked(newcomer, peer), `seed ${seed}`).toBe(true);
      const sources = newcomer.swarm.activity(newcomer.holding.root).sources.map(({ peer }) => peer);
      expect(new Set(sources)).toEqual(new Set([first, ...others].map(({ id }) => id)));
      for (const over of running) over.abort(new Error('seen'));
    }
  });

  it('[EX21] are found where a source goes away and there is no overlay to ask', async () => {
    const world = createWorld(40, { uplink: () => 200_000 });
    const [seeder, middle] = [await world.peer({ has: true }), await world.peer({ has: ALL_BUT_LAST })];
    const over = fetching(world, middle, [seeder]);
    await world.clock.advance(100);
    over.abort(new Error('enough'));
    const leecher = await world.peer();
    const run = world.fetch(leecher, [middle]);
    await world.clock.advance(6_000);
    expect(leecher.holding.kept()).toBeLessThan(40);
    await middle.transport.stop();
    await run;
    expect(leecher.holding.kept()).toBe(40);
  });

  it('[EX21] name nobody who has left them, and look for nobody again who was not there', async () => {
    const world = createWorld(LAST + 1);
    const [first, gone] = [await world.peer({ has: ALL_BUT_LAST }), await world.peer({ has: ALL_BUT_LAST })];
    const running = [fetching(world, gone, [first])];
    await world.clock.advance(1_000);
    const early = await world.peer();
    const events: unknown[] = [];
    const looking = new AbortController();
    const run = world.fetch(early, [first], { limitMs: 60 * MINUTE_MS, signal: looking.signal });
    run.then(
      (seen) => events.push(...seen),
      () => undefined,
    );
    await world.clock.advance(100);
    await gone.transport.stop();
    await world.clock.advance(3 * MINUTE_MS);
    const late = await world.peer();
    running.push(fetching(world, late, [first]), looking);
    await world.clock.advance(15_000);
    expect(late.entries.filter(({ message }) => message === 'not a source')).toEqual([]);
    expect(early.entries.filter(({ message }) => message === 'not a source').length).toBeLessThanOrEqual(1);
    for (const over of running) over.abort(new Error('seen'));
  });

  it('[EX20] are dialed only where they have said so themselves', async () => {
    const world = createWorld(LAST + 1);
    const [victim, target] = [await world.peer(), await world.peer({ has: [] })];
    const running = fetching(world, target, []);
    const { say, root } = await createLiar(world, target);
    const real = await sealStatement(victim.identity, root, world.clock.now());
    const forged = real.bytes.slice();
    forged[forged.length - 3] = (forged[forged.length - 3] ?? 0) ^ 1;
    await say({ type: 'peers', root, statements: [forged] });
    await world.clock.advance(1_000);
    expect(isLinked(target, victim)).toBe(false);
    expect(target.entries).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'refused a statement' }),
    );
    // Who hands on what is forged is not listened to any more.
    await say({ type: 'peers', root, statements: [real.bytes] });
    await world.clock.advance(1_000);
    expect(isLinked(target, victim)).toBe(false);
    const { say: sayTruly } = await createLiar(world, target);
    await sayTruly({ type: 'peers', root, statements: [real.bytes] });
    await world.clock.advance(1_000);
    expect(isLinked(target, victim)).toBe(true);
    running.abort(new Error('seen'));
  });

  it('[EX21] are heard of no faster than fifty a minute from one link, and looked for one by one', async () => {
    const world = createWorld(LAST + 1);
    const target = await world.peer({ has: [] });
    /** Nobody of them is there. */
    const dialed = (): unknown[] =>
      target.entries.filter(({ message }) => message === 'not a source').map(({ fields }) => fields['peer']);
    const running = fetching(world, target, []);
    const { say, root } = await createLiar(world, target);
    const crowd: Identity[] = [];
    for (let i = 0; i < 2 * MAX_STATEMENTS; i += 1)
      crowd.push(await identityFromKeys(await generateIdentityKeys()));
    const statements = await Promise.all(crowd.map((one) => sealStatement(one, root, world.clock.now())));
    for (const from of [0, MAX_STATEMENTS]) {
      const some = statements.slice(from, from + MAX_STATEMENTS).map(({ bytes }) => bytes);
      await say({ type: 'peers', root, statements: some });
    }
    // Each dial takes four times the latency of a millisecond, as nobody is there.
    await world.clock.advance(40);
    expect(dialed().length).toBeGreaterThan(3);
    expect(dialed().length).toBeLessThan(12);
    await world.clock.advance(2_000);
    expect(dialed().length).toBeGreaterThan(MAX_STATEMENTS - 2);
    expect(dialed().length).toBeLessThanOrEqual(MAX_STATEMENTS + 2);
    expect(new Set(dialed()).size).toBe(dialed().length);
    running.abort(new Error('seen'));
  });

  it('[EX8] are told of to nobody who has not shown that they know the share', async () => {
    const world = createWorld(4);
    const [holder, leecher] = [await world.peer({ has: true }), await world.peer()];
    const heard: Uint8Array[] = [];
    const watched = await link(world, await world.mute(), holder);
    watched.channel('swarm').receive((message) => heard.push(message));
    await world.fetch(leecher, [holder]);
    await world.clock.advance(20_000);
    expect(heard).toEqual([]);
  });
});
