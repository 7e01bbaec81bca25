import { silentLog } from '@tabswarm/base';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { NodeId } from '@tabswarm/protocol/ids';
import { createManualClock, type ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createCensus } from '../../src/census.ts';
import { createFlow } from '../../src/flow.ts';
import { createLaneConnector, type ConnectLane } from '../../src/lanes/lane-connector.ts';
import { createLanes, type LaneMessage, type Lanes } from '../../src/lanes/lanes.ts';
import { isSoleSource } from '../../src/lanes/sole-source.ts';
import { createOutbox } from '../../src/outbox.ts';
import type { RtcLink } from '../../src/rtc-link.ts';
import { createSlowConnections, type SlowConnections } from './slow-connections.ts';

const REMOTE = '00'.repeat(32) as NodeId;

interface Pair {
  readonly clock: ManualClock;
  readonly connections: SlowConnections;
  readonly near: Lanes;
  readonly far: Lanes;
  readonly said: LaneMessage[];
  /** What an end could not accept of what the other said. */
  readonly violations: unknown[];
}

/** Two ends of a link that has nothing but lanes. */
function pair({ isWelcome = true, hasRoom = true } = {}): Pair {
  const clock = createManualClock();
  const connections = createSlowConnections(clock, { perConnection: 1e6, line: Infinity, delayMs: 5 });
  const closed = new AbortController().signal;
  const said: LaneMessage[] = [];
  const violations: unknown[] = [];
  const ends: Lanes[] = [];
  const end = (parity: 0 | 1, connect: ConnectLane): Lanes =>
    createLanes(
      {
        connect,
        outbox: createOutbox(createFlow(nowhere, clock), clock, closed),
        say(message) {
          said.push(message);
          clock.after(5, () => {
            try {
              ends[1 - parity]?.onMessage(message);
            } catch (cause) {
              violations.push(cause);
            }
          });
        },
        deliver: () => undefined,
        isWelcome: () => isWelcome,
        onSilent: () => violations.push('silent'),
        clock,
        log: silentLog,
      },
      { remote: REMOTE, parity, closed },
    );
  const connector = (number: number): ConnectLane =>
    createLaneConnector({
      open: connections.opener(`0${number}`),
      iceServers: () => [],
      census: createCensus(),
      clock,
    });
  ends.push(end(0, connector(1)), end(1, hasRoom ? connector(2) : () => undefined));
  const [near, far] = ends as [Lanes, Lanes];
  return { clock, connections, near, far, said, violations };
}

/** As far as it is looked at: what came on it lately. */
function link(bytes: number): RtcLink {
  return { bulkLately: () => bytes } as RtcLink;
}

/** The first connection of a link: what is sent there is of no interest here. */
const nowhere = {
  buffered: () => 0,
  send: () => undefined,
  onMessage: () => undefined,
  onLow: () => undefined,
  setLowThreshold: () => undefined,
};

describe('lanes of a link', () => {
  it('[WR14] are made by either end, three in all', async () => {
    const { clock, near, far, violations } = pair();
    const counts: number[] = [];
    for (const end of [near, far]) {
      const made = end.open(2);
      await clock.advance(1_000);
      counts.push((await made).length);
    }
    expect(counts).toEqual([2, 1]);
    expect([near.count(), far.count()]).toEqual([3, 3]);
    const more = near.open(1);
    await clock.advance(20_000);
    expect(await more).toEqual([]);
    expect(violations).toEqual([]);
  });

  it.each([{ isWelcome: false }, { hasRoom: false }])(
    '[WR14] are declined where they are not wanted or there is no room: %o',
    async (options) => {
      const { clock, near, far, said, connections, violations } = pair(options);
      const made = near.open(2);
      await clock.advance(1_000);
      expect(await made).toEqual([]);
      expect([near.count(), far.count()]).toEqual([0, 0]);
      expect(connections.joined).toEqual([]);
      expect(said).toContainEqual({ type: 'laneEnd', lane: 0, count: 0 });
      expect(violations).toEqual([]);
    },
  );

  it('[WR13] have numbers of their own, each once, and acknowledge what was sent and no more', async () => {
    const { clock, near, far } = pair();
    const made = near.open(1);
    await clock.advance(1_000);
    expect(await made).toHaveLength(1);
    const refused: LaneMessage[] = [
      { type: 'laneOffer', lane: 0, sdp: '' },
      { type: 'laneOffer', lane: 1, sdp: '' },
      { type: 'laneGot', lane: 0, count: 1 },
      { type: 'laneEnd', lane: 0, count: 1 },
      { type: 'laneCandidates', lane: 0, candidates: 'no list' },
    ];
    for (const message of refused) {
      const end = message.type === 'laneOffer' && message.lane === 0 ? far : near;
      const take = (): void => end.onMessage(message);
      // A number of its own is free at the other end.
      if (message.type === 'laneOffer' && message.lane === 1) expect(take).not.toThrow();
      else expect(take).toThrow(ProtocolError);
    }
    expect(() => near.onMessage({ type: 'laneOffer', lane: 1, sdp: '' })).toThrow(ProtocolError);
    expect(() => near.onMessage({ type: 'laneOffer', lane: 2, sdp: '' })).toThrow(ProtocolError);
  });
});

describe('what a tab spends on lanes', () => {
  it('[WR14] is 12 open at once, 12 and then one in 10 s, and none with 100 connections uncollected', async () => {
    const clock = createManualClock();
    const open = createSlowConnections(clock, { perConnection: 1, line: 1, delayMs: 1 }).opener('01');
    const options = { initiator: true, onSignal: () => undefined };
    let collect: (() => void) | undefined;
    const census = createCensus({
      watch: (onCollected) => {
        collect = onCollected;
        return () => undefined;
      },
    });
    const connect = createLaneConnector({ open, iceServers: () => [], census, clock });
    const made = Array.from({ length: 13 }, () => connect(options));
    expect(made.map((one) => one !== undefined)).toEqual([...Array.from({ length: 12 }, () => true), false]);
    expect(census.counts()).toEqual({ open: 12, uncollected: 12, made: 12 });
    await clock.advance(60_000);
    expect(connect(options)).toBeUndefined();
    for (const one of made) one?.close();
    await clock.advance(100);
    for (let more = 0; more < 6; more += 1) expect(connect(options)).toBeDefined();
    expect(connect(options)).toBeUndefined();

    while (census.counts().uncollected < 100) census.enter({});
    await clock.advance(60_000);
    expect(connect(options)).toBeUndefined();
    collect?.();
    expect(connect(options)).toBeDefined();
  });

  it('[WR14] is for the one link that nearly all comes from', () => {
    const [most, some, few, none] = [link(1_000), link(300), link(100), link(0)];
    expect(isSoleSource(most, [most])).toBe(true);
    expect(isSoleSource(most, [none, most, few])).toBe(true);
    expect(isSoleSource(most, [most, some])).toBe(false);
    expect(isSoleSource(few, [most, few])).toBe(false);
    expect(isSoleSource(none, [none])).toBe(false);
  });
});
