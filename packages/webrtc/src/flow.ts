import type { Clock } from '@tabswarm/base';
import { MAX_BULK_BYTES } from '@tabswarm/protocol/swarm';
import type { Pipe } from './connection.ts';

/** High water is what the wire takes in this time, so that a message never waits much longer behind bulk data. */
const HIGH_WATER_SECONDS = 0.25;
const MIN_HIGH_WATER_BYTES = 128 * 1024;
const MAX_HIGH_WATER_BYTES = 1024 * 1024;
/** The rate is measured over spans at least this long: `bufferedAmount` moves in jumps. */
const RATE_SPAN_MS = 200;
const RATE_GAIN = 0.3;
/** Who had nothing to hand over for so long after there was room was idle; a span in which that was says nothing. */
const IDLE_MS = 50;

/** Messages handed over together at most: fewer pauses between them, on a machine that is busy. */
const MAX_BURST = 4;
/** A burst that left so soon may be larger the next time, and one that took so long smaller. */
const FAST_BURST_MS = 25;
const SLOW_BURST_MS = 100;
/** Bursts grow by one message so often: what is under way in a new association grows with them, up to what overflows. */
const GROWTH_MS = 250;

/** A way for messages to the other side: what it holds at most follows from how fast it drains. */
export interface Flow {
  hasRoom(bytes: number): boolean;
  /** Bytes that wait here. */
  buffered(): number;
  /** Throws where the pipe is closed or the browser's own queue is full. */
  hand(message: Uint8Array<ArrayBuffer>): void;
  /** Calls `listener` when there is room again. */
  onRoom(listener: () => void): void;
}

/**
 * For bulk data: messages are handed over when those before them have left for the wire, one at a time, or up to
 * MAX_BURST where that goes fast. With more at hand all the time, an association that is new doubles what it has under way
 * each round trip until something overflows. Chromium takes 64 KiB of packets of a socket at a time; measured, some 350
 * packets are thrown away there at once, and the association then stands still for two seconds. Where bursts doubled, that
 * came over 5 of 42 downloads within their first second; where they grow by one, over none of 25, and few packets are lost.
 */
export function createBulkFlow(pipe: Pipe, clock: Clock): Flow {
  pipe.setLowThreshold(0);
  let burst = 1;
  let grownAt = -Infinity;
  /** Bytes of this burst that may still be handed over. */
  let left = 0;
  let burstAt = clock.now();

  return {
    hasRoom(bytes) {
      if (pipe.buffered() === 0) left = burst * MAX_BULK_BYTES;
      return bytes <= left;
    },
    buffered: () => pipe.buffered(),
    hand(message) {
      if (pipe.buffered() === 0) burstAt = clock.now();
      left -= message.byteLength;
      pipe.send(message);
    },
    onRoom(listener) {
      pipe.onLow(() => {
        // An event that comes late is of a burst before this one.
        if (pipe.buffered() === 0) {
          const now = clock.now();
          const ms = now - burstAt;
          if (ms <= FAST_BURST_MS && burst < MAX_BURST && now - grownAt >= GROWTH_MS) {
            burst += 1;
            grownAt = now;
          } else if (ms >= SLOW_BURST_MS) burst = Math.max(1, Math.floor(burst / 2));
        }
        listener();
      });
    },
  };
}

/** For control messages, which are small and many. */
export function createFlow(pipe: Pipe, clock: Clock): Flow {
  // Until something is measured the wire is taken for a fast one.
  let highWater = MAX_HIGH_WATER_BYTES;
  let handed = 0;
  let spanStart = clock.now();
  let spanDrained = 0;
  let rate: number | undefined;

  let roomAt = -Infinity;

  /** Below the threshold there is room for the largest message: else one would wait there, and no event would follow. */
  const setThreshold = (): void => {
    pipe.setLowThreshold(Math.min(highWater / 2, highWater - MAX_BULK_BYTES));
  };

  const begin = (): void => {
    spanStart = clock.now();
    spanDrained = handed - pipe.buffered();
  };

  /** What left the buffer since the span began says how fast the wire is. */
  const measure = (): void => {
    const elapsed = clock.now() - spanStart;
    if (elapsed < RATE_SPAN_MS) return;
    const latest = ((handed - pipe.buffered() - spanDrained) * 1000) / elapsed;
    rate = rate === undefined ? latest : rate + RATE_GAIN * (latest - rate);
    begin();
    const wanted = rate * HIGH_WATER_SECONDS;
    highWater = Math.min(MAX_HIGH_WATER_BYTES, Math.max(MIN_HIGH_WATER_BYTES, wanted));
    setThreshold();
  };

  setThreshold();

  return {
    hasRoom: (bytes) => pipe.buffered() === 0 || pipe.buffered() + bytes <= highWater,
    buffered: () => pipe.buffered(),
    hand(message) {
      if (pipe.buffered() === 0 && clock.now() - roomAt > IDLE_MS) begin();
      pipe.send(message);
      handed += message.byteLength;
    },
    onRoom(listener) {
      pipe.onLow(() => {
        roomAt = clock.now();
        measure();
        listener();
      });
    },
  };
}
