import type { Clock } from '@tabswarm/base';
import { SLOW_REQUEST_MS } from '../limits.ts';

/**
 * The requests of one lookup that are under way. Those that have been for SLOW_REQUEST_MS are slow: they are waited for,
 * but others may be sent in their place.
 */
export interface UnderWay {
  /** Slow ones included. */
  readonly size: number;
  /** Those that may still be quick. */
  readonly quick: number;
  add(request: Promise<void>, onSlow: () => void): void;
  /** Until one has ended, or has become slow. Rejects as it does. */
  change(): Promise<unknown>;
}

export function createUnderWay(clock: Clock): UnderWay {
  const running = new Set<Promise<void>>();
  const quick = new Set<Promise<void>>();
  let wake: (() => void) | undefined;

  return {
    get size() {
      return running.size;
    },
    get quick() {
      return quick.size;
    },
    add(request, onSlow) {
      const cancel = clock.after(SLOW_REQUEST_MS, () => {
        quick.delete(tracked);
        onSlow();
        wake?.();
      });
      const tracked: Promise<void> = request.finally(() => {
        cancel();
        quick.delete(tracked);
        running.delete(tracked);
      });
      running.add(tracked);
      quick.add(tracked);
    },
    change() {
      const slow = new Promise<void>((resolve) => {
        wake = resolve;
      });
      return Promise.race([...running, slow]);
    },
  };
}
