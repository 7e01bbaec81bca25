import { createDeferred, silentLog } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { createManualClock, type ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import type { Connection, Pipe } from '../../src/connection.ts';
import { createFlow } from '../../src/flow.ts';
import type { ConnectLane } from '../../src/lanes/lane-connector.ts';
import { createLanes, type LaneMessage, type Lanes } from '../../src/lanes/lanes.ts';
import { createOutbox } from '../../src/outbox.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const MESSAGE_BYTES = 64 * KIB;

interface Rig {
  readonly clock: ManualClock;
  readonly lanes: Lanes;
  readonly said: LaneMessage[];
  /** As when the link ends. */
  close(): void;
  isLost(): boolean;
  /** Hands a message to the link. */
  send(): void;
  /** Bytes that went out, on whichever connection. */
  wire(): number;
  /** Signals that came to a connection of a lane. */
  signals(): number;
  /** The other end offers a lane, by a number that is free; resolves with it once it would be open. */
  offer(): Promise<number>;
}

/** One end of a link; the test is the other one. Its first connection is full, its lanes take all at once. */
function rig({ isOffering = true } = {}): Rig {
  const clock = createManualClock();
  const closed = new AbortController();
  const said: LaneMessage[] = [];
  let wire = 0;
  let signals = 0;
  let isLost = false;
  let nextNumber = 1;
  const pipe = (buffered: number): Pipe => ({
    buffered: () => buffered,
    send(message) {
      wire += message.byteLength;
    },
    onMessage: () => undefined,
    onLow: () => undefined,
    setLowThreshold: () => undefined,
  });
  const connect: ConnectLane = ({ initiator, onSignal }): Connection => {
    const over = createDeferred<void>();
    if (initiator && isOffering) queueMicrotask(() => onSignal({ type: 'offer', sdp: '' }));
    return {
      control: pipe(0),
      bulk: pipe(0),
      opened: Promise.resolve(),
      over: over.promise,
      route: () => Promise.resolve(undefined),
      signal() {
        signals += 1;
      },
      close: () => over.resolve(),
    };
  };
  const outbox = createOutbox(createFlow(pipe(2 * MIB), clock), clock, closed.signal);
  const lanes = createLanes(
    {
      connect,
      outbox,
      say: (message) => said.push(message),
      deliver: () => undefined,
      isWelcome: () => true,
      onSilent() {
        isLost = true;
        closed.abort(new Error('lost'));
      },
      clock,
      log: silentLog,
    },
    { remote: '00'.repeat(32) as NodeId, parity: 0, closed: closed.signal },
  );
  return {
    clock,
    lanes,
    said,
    close: () => closed.abort(new Error('closed')),
    isLost: () => isLost,
    send: () => void outbox.send(new Uint8Array(MESSAGE_BYTES), undefined).catch(() => undefined),
    wire: () => wire,
    signals: () => signals,
    async offer() {
      const number = nextNumber;
      nextNumber += 2;
      lanes.onMessage({ type: 'laneOffer', lane: number, sdp: '' });
      await clock.advance(1);
      return number;
    },
  };
}

describe('a peer that does not say how much of a lane came', () => {
  it('[WR13] loses the link after 10 s', async () => {
    const { clock, lanes, offer, send, said, isLost } = rig();
    await offer();
    expect(lanes.count()).toBe(1);
    send();
    // Nothing is acknowledged, so the lane ends.
    while (lanes.count() > 0) await clock.advance(100);
    expect(said).toContainEqual({ type: 'laneEnd', lane: 1, count: 0 });
    await clock.advance(9_500);
    expect(isLost()).toBe(false);
    await clock.advance(1_000);
    expect(isLost()).toBe(true);
  });

  it('[WR13] keeps the link where it does in time', async () => {
    const { clock, lanes, offer, send, isLost } = rig();
    await offer();
    send();
    while (lanes.count() > 0) await clock.advance(100);
    await clock.advance(9_500);
    lanes.onMessage({ type: 'laneEnd', lane: 1, count: 1 });
    await clock.advance(60_000);
    expect(isLost()).toBe(false);
  });

  it('[WR14] is declined another lane meanwhile', async () => {
    const { clock, lanes, offer, send, said } = rig();
    await offer();
    send();
    while (lanes.count() > 0) await clock.advance(100);
    expect(await offer()).toBe(3);
    expect(lanes.count()).toBe(0);
    expect(said).toContainEqual({ type: 'laneEnd', lane: 3, count: 0 });
    expect(await lanes.open(1)).toEqual([]);
    lanes.onMessage({ type: 'laneEnd', lane: 1, count: 1 });
    await offer();
    expect(lanes.count()).toBe(1);
  });

  it('[WR13] is not asked for it where it was never told of the lane', async () => {
    const { clock, lanes, said, isLost } = rig({ isOffering: false });
    const made = lanes.open(1);
    await clock.advance(1);
    // No offer was made.
    lanes.close(await made);
    expect(said).toEqual([]);
    await clock.advance(60_000);
    expect(isLost()).toBe(false);
  });
});

describe('a peer of which lanes end and nothing came', () => {
  it('[WR13] is sent 2 MiB and a sixteenth of all again, and has no more lanes then', async () => {
    const { clock, lanes, offer, send, wire, said, isLost } = rig();
    // 16 KiB a second, for as long as there is a lane.
    let given = 0;
    let open = await offer();
    while (lanes.count() > 0) {
      for (let message = 0; message < 3; message += 1) {
        send();
        given += MESSAGE_BYTES;
        await clock.advance(4_000);
      }
      lanes.onMessage({ type: 'laneEnd', lane: open, count: 0 });
      open = await offer();
    }
    expect(wire() - given).toBeGreaterThan(MIB);
    expect(wire() - given).toBeLessThan(3 * MIB);
    expect(said.at(-1)).toEqual({ type: 'laneEnd', lane: open, count: 0 });
    expect(await lanes.open(1)).toEqual([]);
    expect(isLost()).toBe(false);
  });

  it('[WR13] loses the lanes that are open as well', async () => {
    const { lanes, offer, send, said } = rig();
    for (let lane = 0; lane < 3; lane += 1) await offer();
    for (let more = 0; more < 64; more += 1) send();
    lanes.onMessage({ type: 'laneEnd', lane: 1, count: 0 });
    expect(lanes.count()).toBe(0);
    for (const lane of [1, 3, 5]) expect(said).toContainEqual({ type: 'laneEnd', lane, count: 0 });
  });

  it('[WR13] keeps its lanes where what was lost is little of what it was sent', async () => {
    const { lanes, offer, send } = rig();
    await offer();
    for (let more = 0; more < 1_000; more += 1) {
      send();
      lanes.onMessage({ type: 'laneGot', lane: 1, count: more + 1 });
    }
    // 5 MiB of 67.
    for (let more = 0; more < 80; more += 1) send();
    await offer();
    lanes.onMessage({ type: 'laneEnd', lane: 1, count: 1_000 });
    expect(lanes.count()).toBe(1);
  });
});

describe('a lane on which all moves, and a message is not acknowledged', () => {
  it('[WR13] ends after 30 s', async () => {
    const { clock, lanes, offer, send } = rig();
    await offer();
    for (let second = 0; second < 28; second += 1) {
      send();
      await clock.advance(1_000);
    }
    expect(lanes.count()).toBe(1);
    for (let second = 0; second < 4; second += 1) {
      send();
      await clock.advance(1_000);
    }
    expect(lanes.count()).toBe(0);
  });
});

describe('what is kept for the lanes of a link', () => {
  it('[WR13] is let go of with the link, for lanes that are open and for those that end', async () => {
    const { clock, lanes, send, close } = rig();
    const opening = lanes.open(2);
    await clock.advance(1);
    const made = await opening;
    for (let more = 0; more < 4; more += 1) send();
    lanes.close(made.slice(0, 1));
    // These go by the other one.
    for (let more = 0; more < 2; more += 1) send();
    expect(made.map((lane) => lane.keptBytes())).toEqual([4 * MESSAGE_BYTES, 2 * MESSAGE_BYTES]);
    close();
    expect(made.map((lane) => lane.keptBytes())).toEqual([0, 0]);
  });

  it('[WR13] is 8 MiB in all, until it is acknowledged', async () => {
    const { lanes, offer, send, wire } = rig();
    for (let lane = 0; lane < 3; lane += 1) await offer();
    expect(lanes.count()).toBe(3);
    for (let more = 0; more < 1_000; more += 1) send();
    expect(wire()).toBe(8 * MIB);
    lanes.onMessage({ type: 'laneGot', lane: 1, count: 4 });
    expect(wire()).toBe(8 * MIB + 4 * MESSAGE_BYTES);
  });
});

const candidates = (count: number): string =>
  JSON.stringify(Array.from({ length: count }, () => ({ candidate: '', sdpMid: '0', sdpMLineIndex: 0 })));

describe('a peer that names more candidates than there are', () => {
  it('[WR13] breaks the protocol, however they are parted', async () => {
    for (const each of [32, 1, 0]) {
      const { lanes, offer, signals } = rig();
      const lane = await offer();
      const before = signals();
      const name = (): void =>
        lanes.onMessage({ type: 'laneCandidates', lane, candidates: candidates(each) });
      for (let told = 0; told < 64; told += Math.max(1, each)) name();
      expect(signals() - before).toBe(each === 0 ? 0 : 64);
      expect(name).toThrow('too many candidates');
    }
  });
});
