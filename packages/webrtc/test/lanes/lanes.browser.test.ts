import { silentLog, systemClock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { expect, it, vi } from 'vitest';
import { createCensus } from '../../src/census.ts';
import type { Connection, Pipe } from '../../src/connection.ts';
import { createFlow } from '../../src/flow.ts';
import type { ConnectLane } from '../../src/lanes/lane-connector.ts';
import { createLaneConnector } from '../../src/lanes/lane-connector.ts';
import { createLanes, type LaneMessage, type Lanes } from '../../src/lanes/lanes.ts';
import { createOutbox, type Outbox } from '../../src/outbox.ts';
import { createSimplePeerOpener } from '../../src/simple-peer-connection.ts';

const REMOTE = '00'.repeat(32) as NodeId;
const MESSAGES = 400;
const MESSAGE_BYTES = 64 * 1024;

/** A first connection that is always full: everything has to go over lanes. */
const full: Pipe = {
  buffered: () => Number.MAX_SAFE_INTEGER,
  send: () => {
    throw new Error('there is no room');
  },
  onMessage: () => undefined,
  onLow: () => undefined,
  setLowThreshold: () => undefined,
};

it('[WR13] real connections carry what is sent, and nothing is lost or comes twice when one of them is closed', async () => {
  const over = new AbortController();
  const ends: { lanes: Lanes; outbox: Outbox }[] = [];
  const made: Connection[] = [];
  const came = new Map<number, number>();
  for (const parity of [0, 1] as const) {
    const outbox = createOutbox(createFlow(full, systemClock), systemClock, over.signal);
    const connector = createLaneConnector({
      open: createSimplePeerOpener(),
      iceServers: () => [],
      census: createCensus(),
      clock: systemClock,
    });
    const connect: ConnectLane = (options) => {
      const connection = connector(options);
      if (connection) made.push(connection);
      return connection;
    };
    const say = (message: LaneMessage): void => {
      queueMicrotask(() => ends[1 - parity]?.lanes.onMessage(message));
    };
    const deliver = (message: Uint8Array<ArrayBuffer>): void => {
      const number = new DataView(message.buffer, message.byteOffset).getUint32(0);
      came.set(number, (came.get(number) ?? 0) + 1);
    };
    const lanes = createLanes(
      {
        connect,
        outbox,
        say,
        deliver,
        isWelcome: () => true,
        onSilent: () => undefined,
        clock: systemClock,
        log: silentLog,
      },
      { remote: REMOTE, parity, closed: over.signal },
    );
    ends.push({ lanes, outbox });
  }
  const [near, far] = ends as [(typeof ends)[0], (typeof ends)[0]];

  expect(await near.lanes.open(3)).toHaveLength(3);
  await vi.waitFor(() => expect(far.lanes.count()).toBe(3));
  const message = new Uint8Array(MESSAGE_BYTES);
  for (let number = 0; number < MESSAGES; number += 1) {
    new DataView(message.buffer).setUint32(0, number);
    await near.outbox.send(message, undefined);
    // Of six ends three are here; in the middle of it one of the others goes away.
    if (number === MESSAGES / 2) made[1]?.close();
  }
  await vi.waitFor(() => expect(came.size).toBe(MESSAGES), { timeout: 15_000 });
  expect([...came.values()].every((times) => times === 1)).toBe(true);
  expect([near.lanes.count(), far.lanes.count()]).toEqual([2, 2]);
  over.abort(new Error('the end'));
});
