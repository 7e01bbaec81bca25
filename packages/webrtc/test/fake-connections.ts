import { createDeferred } from '@tabswarm/base';
import type { WatchCollection } from '../src/census.ts';
import type { Connection, OpenConnection, Pipe, Signal } from '../src/connection.ts';

/** Peer connections without a browser: descriptions name their maker, and an answer joins the two ends. */
export interface FakeConnections {
  /** For one node; `fingerprint` is its certificate's, two hexadecimal digits that are repeated. */
  opener(fingerprint: string): OpenConnection;
  opened(): number;
  /** From now on nothing that is sent arrives, and nobody is told. */
  cut(): void;
  /** As when the browser's collector ran: all connections that are over are gone. */
  collect(): void;
  /** Messages that went over control channels. */
  sent(): number;
  readonly watchCollection: WatchCollection;
}

interface End {
  readonly number: number;
  readonly fingerprint: string;
  readonly pipes: { control: FakePipe; bulk: FakePipe };
  /** The fingerprint that the description from the other side named: DTLS accepts no other. */
  expects: string | undefined;
  readonly done: ReturnType<typeof createDeferred<void>>;
  readonly over: ReturnType<typeof createDeferred<void>>;
}

interface FakePipe extends Pipe {
  sent: number;
  far: FakePipe | undefined;
  take(bytes: Uint8Array<ArrayBuffer>): void;
}

export function createFakeConnections(): FakeConnections {
  const ends: End[] = [];
  const wire = { isCut: false };

  const describe = (end: End): string =>
    `v=0\r\na=fake:${end.number}\r\na=fingerprint:sha-256 ${Array.from({ length: 32 }, () => end.fingerprint).join(':')}\r\n`;

  const join = (a: End, b: End): void => {
    if (a.expects !== b.fingerprint || b.expects !== a.fingerprint) return;
    for (const name of ['control', 'bulk'] as const) {
      a.pipes[name].far = b.pipes[name];
      b.pipes[name].far = a.pipes[name];
    }
    a.done.resolve();
    b.done.resolve();
  };

  /** What to call when these are collected, and what is over. */
  const watched = new Map<object, () => void>();
  const finished: object[] = [];

  return {
    opened: () => ends.length,
    cut() {
      wire.isCut = true;
    },
    sent: () => ends.reduce((sum, { pipes }) => sum + pipes.control.sent, 0),
    collect() {
      for (const object of finished.splice(0)) watched.get(object)?.();
    },
    watchCollection: (onCollected) => (object) => watched.set(object, onCollected),
    opener:
      (fingerprint) =>
      ({ initiator, onSignal, onMade }): Connection => {
        const end: End = {
          number: ends.length,
          fingerprint,
          pipes: { control: createFakePipe(wire), bulk: createFakePipe(wire) },
          expects: undefined,
          done: createDeferred(),
          over: createDeferred(),
        };
        end.done.promise.catch(() => undefined);
        ends.push(end);
        onMade(end);
        void end.over.promise.then(() => finished.push(end));
        if (initiator) queueMicrotask(() => onSignal({ type: 'offer', sdp: describe(end) }));
        return {
          ...end.pipes,
          opened: end.done.promise,
          over: end.over.promise,
          route: () => Promise.resolve('direct'),
          signal(signal: Signal) {
            if (signal.type === 'candidate') return;
            const other = ends[Number(/a=fake:(\d+)/.exec(signal.sdp)?.[1])];
            end.expects = /sha-256 (\S\S)/.exec(signal.sdp)?.[1];
            if (signal.type === 'offer') onSignal({ type: 'answer', sdp: describe(end) });
            else if (other) join(end, other);
          },
          close() {
            end.done.reject(new Error('closed'));
            end.over.resolve();
          },
        };
      },
  };
}

function createFakePipe(wire: { readonly isCut: boolean }): FakePipe {
  const listeners: ((bytes: Uint8Array<ArrayBuffer>) => void)[] = [];
  const held: Uint8Array<ArrayBuffer>[] = [];
  const pipe: FakePipe = {
    far: undefined,
    sent: 0,
    buffered: () => 0,
    send(bytes) {
      const copy = bytes.slice();
      pipe.sent += 1;
      if (!wire.isCut) queueMicrotask(() => pipe.far?.take(copy));
    },
    onMessage(listener) {
      listeners.push(listener);
      for (const bytes of held.splice(0)) listener(bytes);
    },
    onLow: () => undefined,
    setLowThreshold: () => undefined,
    take(bytes) {
      if (listeners.length === 0) held.push(bytes);
      for (const listener of listeners) listener(bytes);
    },
  };
  return pipe;
}
