import type { Clock } from './clock.ts';

/** A rate with a burst: the bucket holds up to `burst` tokens and gains `perSecond` of them. */
export interface TokenBucket {
  /** Takes so many, one unless said otherwise, if they are there. */
  take(count?: number): boolean;
  /** Gives one back that was not used. */
  giveBack(): void;
  /** Milliseconds until there is one; 0 where there is one now. */
  waitMs(): number;
}

export function createTokenBucket(clock: Clock, perSecond: number, burst: number): TokenBucket {
  let tokens = burst;
  let at = clock.now();

  const fill = (): void => {
    const now = clock.now();
    // A clock set back gives nothing, rather than taking.
    tokens = Math.min(burst, tokens + (Math.max(0, now - at) / 1_000) * perSecond);
    at = now;
  };

  return {
    take(count = 1) {
      fill();
      if (tokens < count) return false;
      tokens -= count;
      return true;
    },
    giveBack() {
      tokens = Math.min(burst, tokens + 1);
    },
    waitMs() {
      fill();
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1_000);
    },
  };
}
