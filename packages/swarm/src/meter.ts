import type { Clock } from '@tabswarm/base';

/** Seconds over which a rate is averaged: long enough to be calm, short enough to follow a peer that slows down. */
const WINDOW_MS = 2_000;
const SLOT_MS = 100;

/** Bytes counted, and how many there are a second now. */
export interface Meter {
  add(bytes: number): void;
  total(): number;
  /** Bytes per second over the last two seconds (or since the first byte, where that is less). */
  rate(): number;
}

export function createMeter(clock: Clock): Meter {
  let slots: { at: number; bytes: number }[] = [];
  let total = 0;
  let firstAt: number | undefined;

  return {
    add(bytes) {
      const now = clock.now();
      firstAt ??= now;
      total += bytes;
      const last = slots.at(-1);
      if (last && now - last.at < SLOT_MS) last.bytes += bytes;
      else slots.push({ at: now, bytes });
    },
    total: () => total,
    rate() {
      const now = clock.now();
      slots = slots.filter(({ at }) => now - at < WINDOW_MS);
      if (slots.length === 0 || firstAt === undefined) return 0;
      const span = Math.min(WINDOW_MS, Math.max(SLOT_MS, now - firstAt));
      return (slots.reduce((sum, { bytes }) => sum + bytes, 0) * 1000) / span;
    },
  };
}
