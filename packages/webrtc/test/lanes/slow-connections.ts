import { createDeferred, type Clock } from '@tabswarm/base';
import type { Connection, OpenConnection, Pipe } from '../../src/connection.ts';

/** How fast a path is, for the connections between two nodes. */
export interface Path {
  /** Bytes a second that one connection gets at most, as where packets are lost. */
  perConnection: number;
  /** Bytes a second of all connections together, each way. */
  line: number;
  /** One way, in milliseconds. */
  delayMs: number;
}

export interface SlowConnection {
  /** Nothing arrives from now on, and nobody is told. */
  cut(): void;
  /** As when a browser finds out that it is over. */
  fail(): void;
  isOver(): boolean;
}

/** Peer connections of memory between two nodes, over a path that takes its time, on the test's clock. */
export interface SlowConnections {
  opener(fingerprint: string): OpenConnection;
  /** By the order in which they came about. */
  readonly joined: readonly SlowConnection[];
}

interface End {
  readonly fingerprint: string;
  readonly pipes: readonly [control: SlowPipe, bulk: SlowPipe];
  readonly opened: ReturnType<typeof createDeferred<void>>;
  readonly over: ReturnType<typeof createDeferred<void>>;
  readonly condition: Condition;
  far: End | undefined;
}

interface Condition {
  isCut: boolean;
  isOver: boolean;
}

interface SlowPipe extends Pipe {
  readonly connection: Condition;
  /** Lets so many bytes out, and of what is sent as soon as there is room. */
  drain(bytes: number): void;
  take(bytes: Uint8Array<ArrayBuffer>): void;
  far: SlowPipe | undefined;
}

const MAX_TICK_MS = 10;

export function createSlowConnections(clock: Clock, path: Path): SlowConnections {
  const ends: End[] = [];
  const joined: SlowConnection[] = [];
  let isTicking = false;
  const tickMs = Math.min(MAX_TICK_MS, path.delayMs);

  /** Connections share the line alike, each way, and no one gets more than `perConnection`. */
  const tick = (): void => {
    isTicking = false;
    for (const fingerprint of new Set(ends.map((end) => end.fingerprint))) {
      const busy = ends.filter(
        (end) =>
          end.fingerprint === fingerprint &&
          !end.condition.isOver &&
          end.pipes.some((pipe) => pipe.buffered() > 0),
      );
      const share = Math.min(path.perConnection, path.line / busy.length);
      for (const { pipes } of busy) {
        const full = pipes.filter((pipe) => pipe.buffered() > 0);
        for (const pipe of full) pipe.drain((share * tickMs) / 1_000 / full.length);
      }
    }
    if (ends.some(({ condition, pipes }) => !condition.isOver && pipes.some((pipe) => pipe.buffered() > 0)))
      wake();
  };
  const wake = (): void => {
    if (isTicking) return;
    isTicking = true;
    clock.after(tickMs, tick);
  };

  const finish = (end: End): void => {
    if (end.condition.isOver) return;
    end.condition.isOver = true;
    end.opened.reject(new Error('closed'));
    // A connection of a browser refuses messages a moment before it says that it is over.
    clock.after(30, () => end.over.resolve());
  };

  const join = (a: End, b: End): void => {
    [a.far, b.far] = [b, a];
    for (const at of [0, 1] as const) [a.pipes[at].far, b.pipes[at].far] = [b.pipes[at], a.pipes[at]];
    joined.push({
      cut() {
        for (const end of [a, b]) for (const { connection } of end.pipes) connection.isCut = true;
      },
      fail() {
        for (const end of [a, b]) finish(end);
      },
      isOver: () => a.condition.isOver || b.condition.isOver,
    });
    for (const { opened } of [a, b]) opened.resolve();
  };

  const describe = (end: End): string =>
    `a=end:${ends.indexOf(end)}\r\na=fingerprint:sha-256 ${Array.from({ length: 32 }, () => end.fingerprint).join(':')}\r\n`;

  return {
    joined,
    opener:
      (fingerprint) =>
      ({ initiator, onSignal, onMade }): Connection => {
        const connection: Condition = { isCut: false, isOver: false };
        const end: End = {
          fingerprint,
          pipes: [
            createSlowPipe(clock, path, connection, wake),
            createSlowPipe(clock, path, connection, wake),
          ],
          opened: createDeferred(),
          over: createDeferred(),
          condition: connection,
          far: undefined,
        };
        end.opened.promise.catch(() => undefined);
        ends.push(end);
        onMade(end);
        if (initiator) queueMicrotask(() => onSignal({ type: 'offer', sdp: describe(end) }));
        return {
          control: end.pipes[0],
          bulk: end.pipes[1],
          opened: end.opened.promise,
          over: end.over.promise,
          route: () => Promise.resolve(undefined),
          signal(signal) {
            if (signal.type === 'candidate' || end.condition.isOver) return;
            if (signal.type === 'offer') onSignal({ type: 'answer', sdp: describe(end) });
            const other = ends[Number(/a=end:(\d+)/.exec(signal.sdp)?.[1])];
            if (signal.type === 'answer' && other) join(end, other);
          },
          close() {
            finish(end);
            const { far } = end;
            if (far && !connection.isCut) clock.after(path.delayMs, () => finish(far));
          },
        };
      },
  };
}

function createSlowPipe(clock: Clock, path: Path, connection: Condition, wake: () => void): SlowPipe {
  const queue: Uint8Array<ArrayBuffer>[] = [];
  const receivers: ((bytes: Uint8Array<ArrayBuffer>) => void)[] = [];
  const early: Uint8Array<ArrayBuffer>[] = [];
  const onLow: (() => void)[] = [];
  let buffered = 0;
  let threshold = 0;
  /** What has left of the first message in the queue. */
  let left = 0;
  const pipe: SlowPipe = {
    connection,
    far: undefined,
    buffered: () => buffered,
    send(bytes) {
      if (connection.isOver) throw new Error('the connection is over');
      queue.push(bytes.slice());
      buffered += bytes.byteLength;
      wake();
    },
    drain(bytes) {
      // What is not acknowledged soon keeps the rest from leaving.
      if (connection.isCut) return;
      const before = buffered;
      const leaving = Math.min(bytes, before);
      buffered -= leaving;
      left += leaving;
      for (let next = queue[0]; next && left >= next.byteLength - 1e-6; next = queue[0]) {
        const message = next;
        queue.shift();
        left -= message.byteLength;
        clock.after(path.delayMs, () => {
          if (!connection.isCut) pipe.far?.take(message);
        });
      }
      if (before <= threshold || buffered > threshold) return;
      for (const listener of onLow) listener();
      if (buffered > 0 && bytes > leaving) pipe.drain(bytes - leaving);
    },
    take(bytes) {
      if (receivers.length === 0) early.push(bytes);
      for (const receiver of receivers) receiver(bytes);
    },
    onMessage(listener) {
      receivers.push(listener);
      for (const bytes of early.splice(0)) listener(bytes);
    },
    onLow: (listener) => onLow.push(listener),
    setLowThreshold(bytes) {
      threshold = bytes;
    },
  };
  return pipe;
}
