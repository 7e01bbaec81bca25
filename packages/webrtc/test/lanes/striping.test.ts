import { createLog, type LogEntry } from '@tabswarm/base';
import type { Link } from '@tabswarm/net';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createWebRtcTransport, type WebRtcTransport } from '../../src/transport.ts';
import { createSwitchboard } from '../switchboard.ts';
import { createSlowConnections, type Path, type SlowConnections } from './slow-connections.ts';

const KIB = 1024;
const MESSAGE_BYTES = 64 * KIB;

interface Rig {
  readonly clock: ManualClock;
  readonly path: Path;
  readonly connections: SlowConnections;
  readonly sender: WebRtcTransport;
  readonly receiver: WebRtcTransport;
  /** The sender's. */
  readonly link: Link;
  readonly entries: LogEntry[];
  /** Sends numbered messages one after the other, as fast as they are taken, for so long. */
  send(ms: number): Promise<void>;
  /** Bytes a second that arrive over so long, while sending goes on. */
  rate(ms: number): Promise<number>;
  /** How often each number came. */
  readonly came: Map<number, number>;
  sent(): number;
  open(): number;
}

async function rig(settings: Path, seed = 1): Promise<Rig> {
  const clock = createManualClock();
  const path = { ...settings };
  const connections = createSlowConnections(clock, path);
  const board = createSwitchboard();
  const entries: LogEntry[] = [];
  const node = async (number: number): Promise<WebRtcTransport> => {
    const identity = await identityFromKeys(await generateIdentityKeys());
    const transport = createWebRtcTransport({
      identity,
      introducers: [board.introducer(identity.id)],
      open: connections.opener(`0${number}`),
      iceServers: () => [],
      clock,
      random: createSeededRandom(seed * 10 + number),
      log: createLog((entry) => entries.push(entry)),
    });
    await transport.start();
    return transport;
  };
  const [sender, receiver] = [await node(1), await node(2)];
  const dial = sender.dial(receiver.self);
  await clock.advance(1_000);
  const link = await dial;
  const far = receiver.link(sender.self) as Link;
  const came = new Map<number, number>();
  let received = 0;
  far.bulk.receive((message) => {
    const number = new DataView(message.buffer, message.byteOffset).getUint32(0);
    came.set(number, (came.get(number) ?? 0) + 1);
    received += message.byteLength;
  });
  let sent = 0;
  const send = async (ms: number): Promise<void> => {
    let isOver = false;
    const run = async (): Promise<void> => {
      // One buffer for all: what is kept of a message must not be this.
      const message = new Uint8Array(MESSAGE_BYTES);
      while (!isOver) {
        new DataView(message.buffer).setUint32(0, sent);
        sent += 1;
        await link.bulk.send(message);
      }
    };
    const running = run();
    await clock.advance(ms);
    isOver = true;
    // What waits for room gets it.
    await clock.advance(1_000);
    await running;
  };
  return {
    clock,
    path,
    connections,
    sender,
    receiver,
    link,
    entries,
    came,
    send,
    sent: () => sent,
    async rate(ms) {
      const before = received;
      await send(ms);
      return ((received - before) * 1_000) / (ms + 1_000);
    },
    open: () => connections.joined.filter((one) => !one.isOver()).length,
  };
}

const lossy: Path = { perConnection: 360 * KIB, line: Infinity, delayMs: 20 };

describe('sending over several connections', () => {
  it('[WR12] a sole source on a lossy path comes to four, and to more than twice the rate', async () => {
    const { send, rate, open } = await rig(lossy);
    expect(open()).toBe(1);
    const alone = await rate(3_000);
    await send(20_000);
    expect(open()).toBe(4);
    expect((await rate(10_000)) / alone).toBeGreaterThan(3);
    expect(open()).toBe(4);
  });

  it('[WR12] a line that is full ends with one, and is left alone for a minute', async () => {
    const { send, rate, open, connections, clock } = await rig({ ...lossy, line: 360 * KIB });
    const alone = await rate(5_000);
    await send(50_000);
    // The second was tried once.
    expect(connections.joined).toHaveLength(2);
    expect(open()).toBe(1);
    expect((await rate(5_000)) / alone).toBeGreaterThan(0.9);
    await send(60_000);
    expect(connections.joined).toHaveLength(3);
    expect(open()).toBe(1);
    await clock.advance(60_000);
  });

  it('[WR12] one unlucky span does not settle it', async () => {
    const { send, open, path, clock, entries } = await rig(lossy);
    // The second connection is there after 6.5 s, and its first span over after 10.5 s.
    clock.after(7_000, () => Object.assign(path, { perConnection: 200 * KIB }));
    clock.after(10_600, () => Object.assign(path, lossy));
    await send(25_000);
    expect(entries.filter(({ message }) => message === 'lanes are of no use')).toEqual([]);
    expect(open()).toBe(4);
  });

  it('[WR12] a connection that recovers while a second is tried does not make it look useful', async () => {
    const { send, open, path, clock, connections, entries } = await rig({
      ...lossy,
      perConnection: 240 * KIB,
      line: 360 * KIB,
    });
    clock.after(7_000, () => Object.assign(path, { perConnection: 360 * KIB }));
    await send(25_000);
    expect(connections.joined).toHaveLength(2);
    expect(open()).toBe(1);
    expect(entries.filter(({ message }) => message.startsWith('lanes ')).map(({ fields }) => fields)).toEqual(
      [expect.objectContaining({ connections: 2, gain: expect.closeTo(1, 1) as number })],
    );
  });

  it('[WR12] a gain that is small and real is found to be so by going without it, and is kept', async () => {
    const { send, rate, open, entries, came, sent, clock } = await rig({ ...lossy, line: 500 * KIB });
    await send(30_000);
    expect(open()).toBe(2);
    expect(await rate(10_000)).toBeGreaterThan(1.2 * lossy.perConnection);
    expect(entries.find(({ message }) => message === 'lanes are kept')?.fields).toMatchObject({
      gain: expect.closeTo(1.4, 1) as number,
    });
    await clock.advance(10_000);
    expect(came.size).toBe(sent());
  });

  it('[WR12] a path that two fill comes to two', async () => {
    const { send, open } = await rig({ ...lossy, line: 700 * KIB });
    await send(40_000);
    expect(open()).toBe(2);
  });

  it('[WR12] a short path, a fast one, and a sender that is not held up have one', async () => {
    for (const path of [
      { ...lossy, delayMs: 1 },
      { ...lossy, perConnection: 12 * 1024 * KIB },
    ]) {
      const { send, connections } = await rig(path);
      await send(8_000);
      expect(connections.joined).toHaveLength(1);
    }
    const { sender, receiver, clock, connections } = await rig(lossy);
    const link = sender.link(receiver.self) as Link;
    for (let second = 0; second < 20; second += 0.5) {
      await link.bulk.send(new Uint8Array(MESSAGE_BYTES));
      await clock.advance(500);
    }
    expect(connections.joined).toHaveLength(1);
  });

  it('[WR12] learns nothing where there is no more to send, and tries again when there is', async () => {
    const { send, open, connections, clock } = await rig(lossy);
    await send(7_000);
    expect(connections.joined).toHaveLength(2);
    await clock.advance(10_000);
    expect(open()).toBe(1);
    await send(20_000);
    expect(open()).toBe(4);
  });

  it('[WR12] believes the gain where there is no more to send when it goes without them', async () => {
    const { send, open, connections, clock } = await rig({ ...lossy, line: 500 * KIB });
    await send(15_000);
    expect(connections.joined).toHaveLength(2);
    await clock.advance(5_000);
    expect(open()).toBe(2);
    await clock.advance(40_000);
    expect(open()).toBe(1);
  });

  it('[WR12] has no other for a minute where the lane dies while it goes without it', async () => {
    const { send, open, connections, clock, entries, came, sent } = await rig({ ...lossy, line: 500 * KIB });
    // The second connection is there after 6.5 s, and paused from 13 s to 17 s.
    clock.after(15_000, () => connections.joined[1]?.fail());
    await send(40_000);
    expect(entries.filter(({ message }) => message === 'lanes are kept')).toEqual([]);
    expect(connections.joined).toHaveLength(2);
    expect(open()).toBe(1);
    await clock.advance(10_000);
    expect(came.size).toBe(sent());
  });

  it('[WR12] has no other in the place of a lane that died for a minute', async () => {
    const { send, open, connections } = await rig(lossy);
    await send(20_000);
    expect(open()).toBe(4);
    connections.joined[2]?.cut();
    await send(40_000);
    expect(open()).toBe(3);
    expect(connections.joined).toHaveLength(4);
    await send(40_000);
    expect(connections.joined).toHaveLength(5);
  });

  it('[WR12] closes lanes that carry nothing for half a minute', async () => {
    const { send, open, clock } = await rig(lossy);
    await send(20_000);
    expect(open()).toBe(4);
    await clock.advance(25_000);
    expect(open()).toBe(4);
    await clock.advance(15_000);
    expect(open()).toBe(1);
  });

  it('[WR12] closes them also while a little is sent, which the first connection carries', async () => {
    const { link, send, open, clock } = await rig(lossy);
    await send(20_000);
    expect(open()).toBe(4);
    for (let second = 0; second < 40; second += 2) {
      void link.bulk.send(new Uint8Array(1_000));
      await clock.advance(2_000);
    }
    expect(open()).toBe(1);
  });

  it('[WR12] counts lanes as connections, and closes them with the link', async () => {
    const { send, sender, receiver, open, clock } = await rig(lossy);
    await send(20_000);
    expect(sender.connections()).toMatchObject({ open: 4, made: 4 });
    expect(receiver.connections()).toMatchObject({ open: 4, made: 4 });
    sender.link(receiver.self)?.close('pruned');
    await clock.advance(1_000);
    expect(open()).toBe(0);
    expect([sender, receiver].map((node) => node.connections().open)).toEqual([0, 0]);
  });
});

describe('a lane that dies', () => {
  it.each([1, 2, 3, 4, 5])('[WR13] loses nothing and brings nothing twice, seed %i', async (seed) => {
    const random = createSeededRandom(seed);
    const { send, open, connections, came, sent, clock } = await rig(lossy, seed);
    await send(15_000);
    expect(open()).toBeGreaterThan(1);
    for (let death = 0; death < 3; death += 1) {
      await send(500 + Math.floor(random.number() * 3_000));
      const lanes = connections.joined.slice(1).filter((one) => !one.isOver());
      const victim = lanes[Math.floor(random.number() * lanes.length)];
      // One falls silent, another one is known to be over.
      victim?.cut();
      if (random.number() < 0.5) victim?.fail();
    }
    await send(5_000);
    await clock.advance(10_000);
    expect(came.size).toBe(sent());
    expect([...came.values()].every((times) => times === 1)).toBe(true);
  });

  it('[WR13] is not taken for dead where it is slow, and seconds go by from one message to the next', async () => {
    const { send, open, connections, came, sent, clock } = await rig({ ...lossy, perConnection: 16 * KIB });
    await send(60_000);
    expect(open()).toBe(4);
    expect(connections.joined).toHaveLength(4);
    await clock.advance(60_000);
    expect(came.size).toBe(sent());
  });

  it('[WR13] is noticed within 3 s where nothing more comes through', async () => {
    const { send, open, connections, came, sent, clock } = await rig(lossy);
    await send(15_000);
    const before = open();
    connections.joined[1]?.cut();
    await send(2_000);
    expect(open()).toBe(before - 1);
    await clock.advance(5_000);
    expect(came.size).toBe(sent());
  });
});
