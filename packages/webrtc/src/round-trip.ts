/** Smoothed round-trip time as TCP keeps it (RFC 6298, section 2), in milliseconds. */
export interface RoundTrip {
  sample(ms: number): void;
  smoothed(): number | undefined;
  /** The shortest of all: what the path itself takes, without what waits on it. */
  least(): number | undefined;
}

const GAIN = 1 / 8;

export function createRoundTrip(): RoundTrip {
  let smoothed: number | undefined;
  let least: number | undefined;
  return {
    sample(ms) {
      least = Math.min(ms, least ?? ms);
      smoothed = smoothed === undefined ? ms : smoothed + GAIN * (ms - smoothed);
    },
    smoothed: () => smoothed,
    least: () => least,
  };
}
