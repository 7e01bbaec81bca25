/** Smoothed round-trip time as TCP keeps it (RFC 6298, section 2), in milliseconds. */
export interface RoundTrip {
  sample(ms: number): void;
  smoothed(): number | undefined;
}

const GAIN = 1 / 8;

export function createRoundTrip(): RoundTrip {
  let smoothed: number | undefined;
  return {
    sample(ms) {
      smoothed = smoothed === undefined ? ms : smoothed + GAIN * (ms - smoothed);
    },
    smoothed: () => smoothed,
  };
}
