/**
 * Time as a collaborator: protocols ask a Clock, so that tests can turn it by hand and pages can run their timers in a
 * worker, where a hidden tab is not throttled.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds; returns the function that calls it off. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Resolves after `ms`; rejects with `signal.reason` as soon as the signal aborts. */
export function sleep(clock: Clock, ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Calls `run` every `ms` until the signal aborts. The next turn is counted from the end of the one before. */
export function every(
  clock: Clock,
  ms: () => number,
  run: () => void,
  { signal }: { signal: AbortSignal },
): void {
  let cancel: (() => void) | undefined;
  const arm = (): void => {
    if (signal.aborted) return;
    cancel = clock.after(ms(), () => {
      if (signal.aborted) return;
      run();
      arm();
    });
  };
  signal.addEventListener('abort', () => cancel?.(), { once: true });
  arm();
}
