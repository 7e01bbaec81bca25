import { createDeferred, type Clock } from '@tabswarm/base';
import type { Pipe } from './connection.ts';

/** High water is what the wire takes in this time, so that a message never waits much longer behind bulk data. */
const HIGH_WATER_SECONDS = 0.25;
const MIN_HIGH_WATER_BYTES = 128 * 1024;
const MAX_HIGH_WATER_BYTES = 1024 * 1024;
/** The rate is measured over spans at least this long: `bufferedAmount` moves in jumps. */
const RATE_SPAN_MS = 200;
const RATE_GAIN = 0.3;
/** With up to a mebibyte in the pipe already. */
const MAX_WAITING_MESSAGES = 4_096;

/** The sending half of a channel: hands messages to the pipe while there is room, in order. */
export interface Outbox {
  /** Resolves when the message is handed over. Rejects with the end's reason, or `signal.reason`. */
  send(message: Uint8Array<ArrayBuffer>, signal: AbortSignal | undefined): Promise<void>;
  bytesSent(): number;
}

interface Waiting {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly done: ReturnType<typeof createDeferred<void>>;
}

/**
 * `closed` aborts when the link is over; everything that waits then rejects with its reason. `onOverflow` is called where
 * more waits than a peer that reads would ever cause: it asks and does not take the answers.
 */
export function createOutbox(
  pipe: Pipe,
  clock: Clock,
  closed: AbortSignal,
  onOverflow: () => void = () => undefined,
): Outbox {
  const waiting: Waiting[] = [];
  let highWater = MAX_HIGH_WATER_BYTES;
  let bytesSent = 0;
  let spanStart = clock.now();
  let spanDrained = 0;
  let rate: number | undefined;

  /** What left the buffer since the span began says how fast the wire is, as long as there was always something to send. */
  const measure = (): void => {
    const elapsed = clock.now() - spanStart;
    if (elapsed < RATE_SPAN_MS) return;
    const drained = bytesSent - pipe.buffered();
    const latest = ((drained - spanDrained) * 1000) / elapsed;
    rate = rate === undefined ? latest : rate + RATE_GAIN * (latest - rate);
    spanStart = clock.now();
    spanDrained = drained;
    const wanted = rate * HIGH_WATER_SECONDS;
    highWater = Math.min(MAX_HIGH_WATER_BYTES, Math.max(MIN_HIGH_WATER_BYTES, wanted));
    pipe.setLowThreshold(highWater / 2);
  };

  const hasRoom = (bytes: number): boolean => pipe.buffered() === 0 || pipe.buffered() + bytes <= highWater;

  const hand = (message: Uint8Array<ArrayBuffer>): void => {
    pipe.send(message);
    bytesSent += message.byteLength;
  };

  const drain = (): void => {
    measure();
    for (let next = waiting[0]; next && hasRoom(next.message.byteLength); next = waiting[0]) {
      waiting.shift();
      try {
        hand(next.message);
        next.done.resolve();
      } catch (cause) {
        // The channel is going away and `closed` will say so, or the browser's own queue is full.
        next.done.reject(cause);
      }
    }
    if (waiting.length === 0) {
      // An idle span says nothing about the wire.
      spanStart = clock.now();
      spanDrained = bytesSent - pipe.buffered();
    }
  };

  pipe.setLowThreshold(highWater / 2);
  pipe.onLow(drain);
  closed.addEventListener('abort', () => {
    for (const { done } of waiting.splice(0)) done.reject(closed.reason);
  });

  return {
    bytesSent: () => bytesSent,
    async send(message, signal) {
      if (closed.aborted) throw closed.reason;
      signal?.throwIfAborted();
      if (waiting.length === 0 && hasRoom(message.byteLength)) {
        hand(message);
        return;
      }
      if (waiting.length >= MAX_WAITING_MESSAGES) onOverflow();
      if (closed.aborted) throw closed.reason;
      const entry: Waiting = { message, done: createDeferred<void>() };
      const onAbort = (): void => {
        const at = waiting.indexOf(entry);
        if (at === -1) return;
        waiting.splice(at, 1);
        entry.done.reject(signal?.reason);
      };
      waiting.push(entry);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        await entry.done.promise;
      } finally {
        signal?.removeEventListener('abort', onAbort);
      }
    },
  };
}
