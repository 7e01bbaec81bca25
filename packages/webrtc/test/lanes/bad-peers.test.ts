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

/** One end of a link; the test is the other one. Connections take all at once, the first as much as `first` says. */
function rig(first: 'is full' | 'takes all', { isOffering = true } = {}): Rig {
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
  const outbox = createOutbox(
    createFlow(pipe(first === 'is full' ? 2 * MIB : 0), clock),
    clock,
    closed.signal,
  );
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
    const { clock, lanes, offer, send, said, isLost } = rig('is full');
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
    const { clock, lanes, offer, send, isLost } = rig('is full');
    await offer();
    send();
    while (lanes.count() > 0) await clock.advance(100);
    await clock.advance(9_500);
    lanes.onMessage({ type: 'laneEnd', lane: 1, count: 1 });
    await clock.advance(60_000);
    expect(isLost()).toBe(false);
  });

  it('[WR14] is declined another lane meanwhile', async () => {
    const { clock, lanes, offer, send, said } = rig('is full');
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
    const { clock, lanes, said, isLost } = rig('is full', { isOffering: false });
    const made = lanes.open(1);
    await clock.advance(1);
    // No offer was made.
    lanes.close(await made);
    expect(said).toEqual([]);
    await clock.advance(60_000);
    expect(isLost()).toBe(false);
  });
});

describe('what is kept for the lanes of a link', () => {
  it('[WR13] is let go of with the link, for lanes that are open and for those that end', async () => {
    const { clock, lanes, send, close } = rig('is full');
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
    const { lanes, offer, send, wire } = rig('is full');
    for (let lane = 0; lane < 3; lane += 1) await offer();
    expect(lanes.count()).toBe(3);
    for (let more = 0; more < 1_000; more += 1) send();
    expect(wire()).toBe(8 * MIB);
    lanes.onMessage({ type: 'laneGot', lane: 1, count: 4 });
    expect(wire()).toBe(8 * MIB + 4 * MESSAGE_BYTES);
  });
});
