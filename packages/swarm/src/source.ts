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
/** Questions open at a source, however small the blocks: a share of many small files is not asked for all at once. */
const MAX_IN_FLIGHT = 64;

/** One holder of the share that we fetch from. */
export interface Source {
  readonly port: Port;
  readonly meter: Meter;
  /** Blocks asked for and not yet here. */
  readonly inFlight: Map<number, AbortController>;
  /** Bytes asked for and not yet here. */
  outstanding: number;
  /** It stalled: one block at a time until it delivers again. */
  snubbed: boolean;
  /** How many bytes may be asked for now; `reading`: somebody reads of the share. */
  room(reading: boolean): number;
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
  const source: Source = {
    port,
    meter,
    inFlight: new Map(),
    outstanding: 0,
    snubbed: false,
    room(reading) {
      if (source.snubbed) return source.inFlight.size === 0 ? 1 : 0;
      if (source.inFlight.size >= MAX_IN_FLIGHT) return 0;
      const seconds = Math.max(
        reading ? READING_WINDOW_SECONDS : WINDOW_SECONDS,
        (WINDOW_ROUND_TRIPS * port.rttMs()) / 1000,
      );
      const wanted = meter.total() === 0 ? FIRST_WINDOW_BYTES : meter.rate() * seconds;
      return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, wanted)) - source.outstanding;
    },
  };
  return source;
}
