/** Lets at most `limit` pieces of work run at once; the others wait in order of arrival. */
export interface Limiter {
  run<T>(work: () => Promise<T>, options?: { signal?: AbortSignal }): Promise<T>;
}

export function createLimiter(limit: number): Limiter {
  let running = 0;
  const waiting: (() => void)[] = [];

  const enter = (signal: AbortSignal | undefined): Promise<void> => {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (running < limit) {
      running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(signal?.reason);
      };
      waiting.push(start);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  };

  const leave = (): void => {
    const next = waiting.shift();
    // The place is handed on as it is, so `running` does not change.
    if (next) next();
    else running -= 1;
  };

  return {
    async run(work, { signal } = {}) {
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
