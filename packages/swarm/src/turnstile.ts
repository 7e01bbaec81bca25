import { createTokenBucket, type Clock } from '@tabswarm/base';
import type { Port } from './port.ts';

/** What is wanted changes with each jump of a reader, and each is looked for among all blocks of a share. */
const WANTS_PER_SECOND = 8;
const MAX_WANTS_AT_ONCE = 16;
/** A peer may take part in many shares from the beginning; each costs an answer with all that is here. */
const JOINS_PER_SECOND = 4;
const MAX_JOINS_AT_ONCE = 128;

/**
 * Lets what a peer asks for pass at a rate. Of what comes faster the latest of each kind waits for its turn, and those
 * before it are dropped: so the last word is always heard, however fast the words came.
 */
export interface Turnstile {
  /** Does the work now, or in its turn, unless something else of this kind comes before. */
  pass(kind: string, work: () => void): void;
}

export interface TurnstileOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** What waits when it aborts is not done. */
  readonly signal: AbortSignal;
}

export function createTurnstile(clock: Clock, { perSecond, burst, signal }: TurnstileOptions): Turnstile {
  const bucket = createTokenBucket(clock, perSecond, burst);
  const waiting = new Map<string, () => void>();
  let isArmed = false;

  const arm = (): void => {
    if (isArmed || waiting.size === 0) return;
    isArmed = true;
    clock.after(bucket.waitMs(), turn);
  };
  const turn = (): void => {
    isArmed = false;
    if (signal.aborted) waiting.clear();
    for (const [kind, work] of waiting) {
      if (!bucket.take()) break;
      waiting.delete(kind);
      work();
    }
    arm();
  };
  return {
    pass(kind, work) {
      if (signal.aborted) return;
      // Those that wait go first, or a peer could have one of them wait for ever.
      if (waiting.size === 0 && bucket.take()) work();
      else waiting.set(kind, work);
      arm();
    },
  };
}

/** What one peer asks for that costs more to do than to ask. */
export interface Turnstiles {
  readonly wants: Turnstile;
  readonly joins: Turnstile;
}

/** Those of each link. */
export function createTurnstiles(clock: Clock): (port: Port) => Turnstiles {
  const byPort = new WeakMap<Port, Turnstiles>();
  return (port) => {
    const signal = port.closed;
    const turnstiles = byPort.get(port) ?? {
      wants: createTurnstile(clock, { perSecond: WANTS_PER_SECOND, burst: MAX_WANTS_AT_ONCE, signal }),
      joins: createTurnstile(clock, { perSecond: JOINS_PER_SECOND, burst: MAX_JOINS_AT_ONCE, signal }),
    };
    byPort.set(port, turnstiles);
    return turnstiles;
  };
}
