import type { Clock } from '@tabswarm/base';
import { PART_BYTES } from '@tabswarm/protocol/swarm';

/** Besides a part, what was not used is saved up for so long: timers that come late cost nothing of the rate. */
const BURST_SECONDS = 0.2;

/** Bytes that may be moved under a limit that can be set anew at any time. */
export interface Budget {
  /** Bytes per second; undefined: as many as there are. What was saved up before is forgotten. */
  setRate(bytesPerSecond: number | undefined): void;
  rate(): number | undefined;
  /** How many may be moved now; negative where more were than the limit allows. */
  left(): number;
  spend(bytes: number): void;
  /** Milliseconds until so many may be moved; at most a part's worth can be waited for. */
  waitMs(bytes: number): number;
}

export function createBudget(clock: Clock): Budget {
  let rate: number | undefined;
  let bytes = 0;
  let at = clock.now();

  const fill = (): void => {
    const now = clock.now();
    const burst = PART_BYTES + (rate ?? 0) * BURST_SECONDS;
    // A clock set back gives nothing, rather than taking.
    bytes = Math.min(burst, bytes + (Math.max(0, now - at) / 1_000) * (rate ?? 0));
    at = now;
  };
  const left = (): number => {
    if (rate === undefined) return Infinity;
    fill();
    return bytes;
  };

  return {
    setRate(bytesPerSecond) {
      if (bytesPerSecond === rate) return;
      rate = bytesPerSecond;
      bytes = 0;
      at = clock.now();
    },
    rate: () => rate,
    left,
    spend(count) {
      if (left() !== Infinity) bytes -= count;
    },
    waitMs(count) {
      const missing = count - left();
      return missing <= 0 || rate === undefined ? 0 : Math.ceil((missing * 1_000) / rate);
    },
  };
}
