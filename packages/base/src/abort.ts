import type { Clock } from './clock.ts';

/** Something took longer than it may. `name` is `TimeoutError`, as for the platform's own time-outs. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** The promise's outcome, or a rejection with `signal.reason` if that comes first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      // The promise is left behind; whatever it comes to is nobody's business any more.
      promise.catch(() => undefined);
      return;
    }
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = (): void => signal.removeEventListener('abort', onAbort);
    promise.then(
      (value) => {
        settled();
        resolve(value);
      },
      (cause: unknown) => {
        settled();
        reject(cause);
      },
    );
  });
}

/**
 * Runs `work` with a signal that aborts after `ms` (with a TimeoutError) or with `signal`.
 * Rejects as soon as that happens, even where `work` does not listen.
 */
export async function withTimeout<T>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  { signal, what = 'operation' }: { signal?: AbortSignal | undefined; what?: string } = {},
): Promise<T> {
  const timer = new AbortController();
  const cancel = clock.after(ms, () => timer.abort(new TimeoutError(`${what} took longer than ${ms} ms`)));
  const joined = signal ? AbortSignal.any([signal, timer.signal]) : timer.signal;
  try {
    return await abortable(work(joined), joined);
  } finally {
    cancel();
  }
}
