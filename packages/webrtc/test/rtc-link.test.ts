import { silentLog, type Clock } from '@tabswarm/base';
import type { Link } from '@tabswarm/net';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createWebRtcTransport, type WebRtcTransport } from '../src/transport.ts';
import { createFakeConnections, type FakeConnections } from './fake-connections.ts';
import { createSwitchboard } from './switchboard.ts';

interface Pair {
  readonly clock: ManualClock;
  readonly connections: FakeConnections;
  readonly a: WebRtcTransport;
  readonly near: Link;
  readonly far: Link;
  /** As a machine that slept: the time is another, and no timer ran. */
  sleep(ms: number): void;
}

async function linkPair(): Promise<Pair> {
  const manual = createManualClock();
  let slept = 0;
  const clock: Clock = { now: () => manual.now() + slept, after: (ms, run) => manual.after(ms, run) };
  const connections = createFakeConnections();
  const board = createSwitchboard();
  const open = async (number: number): Promise<WebRtcTransport> => {
    const identity = await identityFromKeys(await generateIdentityKeys());
    const transport = createWebRtcTransport({
      identity,
      introducers: [board.introducer(identity.id)],
      open: connections.opener(`0${number}`),
      iceServers: () => [],
      clock,
      random: createSeededRandom(number),
      log: silentLog,
    });
    await transport.start();
    return transport;
  };
  const [a, b] = [await open(1), await open(2)];
  const dial = a.dial(b.self);
  await manual.advance(100);
  const near = await dial;
  const far = b.link(a.self) as Link;
  return {
    clock: manual,
    connections,
    a,
    near,
    far,
    sleep(ms) {
      slept += ms;
    },
  };
}

const isOver = ({ closed }: Link): boolean => closed.aborted;

describe('a link whose other end is gone without a word', () => {
  it('[WR7] ends well within 20 s, and never within 12 s of a word', async () => {
    const { clock, connections, near, far } = await linkPair();
    await clock.advance(61_000);
    connections.cut();
    await clock.advance(11_000);
    expect([near, far].map(isOver)).toEqual([false, false]);
    // Three turns without an answer and a bit.
    await clock.advance(5_500);
    expect([near, far].map(isOver)).toEqual([true, true]);
    expect(near.closed.reason).toMatchObject({ reason: 'lost' });
  });

  it('[WR7] lives for as long as it answers, at no more than a message in two seconds from each end', async () => {
    const { clock, connections, near, far } = await linkPair();
    const before = connections.sent();
    await clock.advance(600_000);
    expect([near, far].map(isOver)).toEqual([false, false]);
    expect(connections.sent() - before).toBeLessThanOrEqual(600);
    expect(near.stats().rttMs).toBeDefined();
  });

  it('[WR8] survives a sleep of this tab where the other end does, and ends soon where it does not', async () => {
    const alive = await linkPair();
    alive.sleep(3_600_000);
    await alive.clock.advance(60_000);
    expect([alive.near, alive.far].map(isOver)).toEqual([false, false]);

    const dead = await linkPair();
    dead.connections.cut();
    dead.sleep(3_600_000);
    await dead.clock.advance(9_000);
    expect(isOver(dead.near)).toBe(true);
  });

  it('[WR8] told that time has passed, finds out in 4 s', async () => {
    const { clock, connections, a, near } = await linkPair();
    a.wake();
    await clock.advance(5_000);
    expect(isOver(near)).toBe(false);
    connections.cut();
    a.wake();
    await clock.advance(4_100);
    expect(isOver(near)).toBe(true);
    a.wake();
  });
});
