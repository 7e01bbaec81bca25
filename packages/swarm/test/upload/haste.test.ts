import { MAX_WANTED_RANGES, swarmMessage, SWARM_VERSION, type SwarmMessage } from '@tabswarm/protocol/swarm';
import { idFromBytes, type NodeId, type Root } from '@tabswarm/protocol/ids';
import { createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import type { Port } from '../../src/port.ts';
import { createShowing } from '../../src/upload/showing.ts';
import { createFakeLibrary } from '../fake-library.ts';
import { createWorld, ROOT } from '../world.ts';

const BLOCKS = 1_000;

/** A guest of a tab that has the only copy, beside another, so that it is shown that copy block by block. */
async function setUp() {
  const world = createWorld(BLOCKS, { blockBytes: 64, latencyMs: () => 20 });
  const seeder = await world.peer({ has: true, isOrigin: true });
  const heard: SwarmMessage[] = [];
  const guests = [];
  for (let made = 0; made < 2; made += 1) {
    const dialing = (await world.mute()).dial(seeder.id);
    await world.clock.advance(500);
    const channel = (await dialing).channel('swarm');
    guests.push((message: SwarmMessage): void => void channel.send(swarmMessage.encode(message)));
    if (made === 0) channel.receive((bytes) => heard.push(swarmMessage.decode(bytes)));
  }
  const have = new Uint8Array(BLOCKS / 8);
  const join: SwarmMessage = {
    type: 'join',
    version: SWARM_VERSION,
    root: ROOT,
    have,
    whole: false,
    info: true,
    answer: false,
  };
  for (const say of guests) say(join);
  await world.clock.advance(100);
  const told = (): Set<number> =>
    new Set(heard.flatMap((message) => (message.type === 'have' ? message.indexes : [])));
  const [say] = guests as [(message: SwarmMessage) => void];
  return { world, say, join, heard, told };
}

const want = (index: number): SwarmMessage => ({
  type: 'want',
  root: ROOT,
  ranges: [index, index + 1],
  now: true,
});

describe('a peer in haste', () => {
  it('[UP12] that wants what is not here has nothing waiting for that, and no place before its own last word', async () => {
    const { world, say, told } = await setUp();
    for (let share = 0; share < 2_000; share += 1) {
      const root = idFromBytes<Root>(
        Uint8Array.from({ length: 32 }, (_, at) => (share >> (8 * (at % 2))) & 255),
      );
      say({ type: 'want', root, ranges: [0, 1], now: true });
    }
    say(want(500));
    await world.clock.advance(100);
    expect(told()).toContain(500);
  });

  it('[UP12] that says what it wants again and again is heeded at a rate, and its last word is', async () => {
    const { world, say, told } = await setUp();
    for (let index = 100; index < 900; index += 1) say(want(index));
    await world.clock.advance(100);
    expect(told().size).toBeLessThanOrEqual(16 + 2);
    await world.clock.advance(1_000);
    expect(told()).toContain(899);
    expect(told().size).toBeLessThanOrEqual(16 + 8 + 2);
  });

  it('[UP12] that reads here and there is shown each place at once', async () => {
    const { world, say, told } = await setUp();
    for (let jump = 0; jump < 40; jump += 1) {
      say(want(100 + jump * 7));
      await world.clock.advance(150);
      expect(told()).toContain(100 + jump * 7);
    }
  });

  it('[UP12] that joins again and again is answered at a rate, also with leaving in between', async () => {
    const { world, say, join, heard } = await setUp();
    const answers = (): number => heard.filter(({ type }) => type === 'join').length;
    for (let time = 0; time < 1_000; time += 1) {
      if (time % 2 === 0) say({ type: 'leave', root: ROOT });
      say(join);
    }
    await world.clock.advance(10_000);
    expect(answers()).toBeLessThanOrEqual(128 + 10 * 4);
    const before = answers();
    say(join);
    await world.clock.advance(100);
    expect(answers()).toBe(before + 1);
  });
});

describe('what is wanted', () => {
  it.each([true, false])('[UP12] is read once, not for each block (now: %s)', (now) => {
    const clock = { now: () => 0, after: () => () => undefined };
    const manual = { ...clock, advance: () => Promise.resolve(), pending: () => 0 };
    const { library, holding } = createFakeLibrary({ blocks: 16_384, blockBytes: 1 }, manual, {
      has: true,
      isOrigin: true,
    });
    const showing = createShowing({ library, clock, random: createSeededRandom(1) });
    const ports = ['a', 'b'].map(
      (remote) =>
        ({ remote: remote as NodeId, holdings: new Map(), tell: () => undefined }) as unknown as Port,
    );
    for (const port of ports) showing.shownTo(port, holding);
    let reads = 0;
    const bounds = Array.from({ length: 2 * MAX_WANTED_RANGES }, (_, at) => at * 100);
    const ranges = new Proxy(bounds, {
      get(target, key, receiver) {
        reads += 1;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
    const [port] = ports as [Port];
    showing.onWant(port, { type: 'want', root: holding.root, ranges, now });
    for (let index = 0; index < 20; index += 1) showing.onAsked(port, holding.root, index);
    expect(reads).toBeLessThan(10 * bounds.length);
  });
});
