import type { Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { createMeter, type Meter } from './meter.ts';
import type { Port } from './port.ts';

const MIN_WINDOW_BYTES = 256 * 1024;
const FIRST_WINDOW_BYTES = 512 * 1024;
const MAX_WINDOW_BYTES = 4 * 1024 * 1024;
/** What is asked for ahead covers so much time at the source's rate, so that it never waits for a question. */
const WINDOW_SECONDS = 1;
/** What was asked for stands before what a reader needs next, so while somebody reads it is less. */
const READING_WINDOW_SECONDS = 0.25;
const WINDOW_ROUND_TRIPS = 4;
/**
 * It is asked again when so much of what was asked for ahead has come, for several blocks in one message. What is left then
 * covers three round trips, but for a path on which 3 MiB do not.
 */
const ASK_AGAIN = 0.25;
/** Questions open at a source, however small the blocks: a share of many small files is not asked for all at once. */
const MAX_IN_FLIGHT = 64;

/** Until it has delivered something, a source is thought to take so long for its first bytes. */
const UNPROVEN_SECONDS = 1;
/** A source that fell silent may be tried again where there is so much time for it. */
const SNUBBED_SECONDS = 10;

/** A block asked for and not yet here. */
export interface Ask {
  readonly cancel: AbortController;
  readonly length: number;
  readonly askedAt: number;
  received: number;
}

/** One holder of the share that we fetch from. */
export interface Source {
  readonly port: Port;
  readonly meter: Meter;
  /** In the order in which they were asked for, which is that in which they come. */
  readonly inFlight: Map<number, Ask>;
  /** Bytes asked for and not yet here. */
  outstanding: number;
  /** It stalled: one block at a time until it delivers again. */
  snubbed: boolean;
  /** There was nothing to ask it for, and nothing has changed since. */
  dry: boolean;
  /** How many bytes may be asked for now; `reading`: somebody reads of the share. */
  room(reading: boolean): number;
  /** There is so much room that it is worth a message. */
  isDue(reading: boolean): boolean;
  /** In how many seconds so many bytes more would be here, if they were asked for now. */
  secondsFor(bytes: number): number;
  /** In how many seconds a block will be here that was asked for; Infinity where the source has fallen silent. */
  secondsUntil(index: number): number;
}

/** What is told of a source to those outside. */
export interface SourceView {
  readonly peer: NodeId;
  readonly bytes: number;
  /** Bytes per second. */
  readonly rate: number;
  /** It serves others first, and says when it is our turn. */
  readonly choked?: boolean | undefined;
}

export function createSource(port: Port, clock: Clock): Source {
  const meter = createMeter(clock);
  const windowBytes = (reading: boolean): number => {
    const seconds = Math.max(
      reading ? READING_WINDOW_SECONDS : WINDOW_SECONDS,
      (WINDOW_ROUND_TRIPS * port.rttMs()) / 1000,
    );
    const wanted = meter.total() === 0 ? FIRST_WINDOW_BYTES : meter.rate() * seconds;
    return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, wanted));
  };
  const source: Source = {
    port,
    meter,
    inFlight: new Map(),
    outstanding: 0,
    snubbed: false,
    dry: false,
    room(reading) {
      if (source.snubbed) return source.inFlight.size === 0 ? 1 : 0;
      if (source.inFlight.size >= MAX_IN_FLIGHT) return 0;
      return windowBytes(reading) - source.outstanding;
    },
    isDue(reading) {
      if (source.inFlight.size === 0) return true;
      const questions = MAX_IN_FLIGHT - source.inFlight.size;
      return (
        source.room(reading) >= windowBytes(reading) * ASK_AGAIN && questions >= MAX_IN_FLIGHT * ASK_AGAIN
      );
    },
    secondsFor(bytes) {
      const rate = meter.rate();
      if (rate > 0) return port.rttMs() / 1000 + (source.outstanding + bytes) / rate;
      return source.snubbed || meter.total() > 0 ? SNUBBED_SECONDS : UNPROVEN_SECONDS;
    },
    secondsUntil(index) {
      const rate = meter.rate();
      let before = 0;
      for (const [other, { length, received, askedAt }] of source.inFlight) {
        before += length - received;
        if (other !== index) continue;
        if (rate > 0) return before / rate;
        return clock.now() - askedAt < UNPROVEN_SECONDS * 1000 ? 0 : Infinity;
      }
      return Infinity;
    },
  };
  return source;
}
