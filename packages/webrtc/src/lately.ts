import type { Clock } from '@tabswarm/base';

/** Bytes count half after this time. */
const HALF_LIFE_MS = 2_000;

/** How much came lately: what is older counts for less. */
export interface Lately {
  add(bytes: number): void;
  bytes(): number;
}

export function createLately(clock: Clock): Lately {
  let bytes = 0;
  let at = clock.now();
  const age = (): void => {
    const now = clock.now();
    bytes *= 0.5 ** (Math.max(0, now - at) / HALF_LIFE_MS);
    at = now;
  };
  return {
    add(more) {
      age();
      bytes += more;
    },
    bytes() {
      age();
      return bytes;
    },
  };
}
