/**
 * What `work` emits, as an async iterable. The work starts with the first pull and is cancelled when the loop is left or
 * when `signal` aborts; its failure comes after all that it emitted.
 */
export async function* createCollector<T>(
  signal: AbortSignal,
  work: (emit: (item: T) => void, signal: AbortSignal) => Promise<void>,
): AsyncGenerator<T, void, undefined> {
  const controller = new AbortController();
  const items: T[] = [];
  let wake: (() => void) | undefined;
  let outcome: { readonly failed: false } | { readonly failed: true; readonly cause: unknown } | undefined;

  const onAbort = (): void => {
    controller.abort(signal.reason);
    outcome = { failed: true, cause: signal.reason };
    wake?.();
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', onAbort, { once: true });
  const emit = (item: T): void => {
    items.push(item);
    wake?.();
  };
  work(emit, controller.signal).then(
    () => {
      outcome ??= { failed: false };
      wake?.();
    },
    (cause: unknown) => {
      outcome ??= { failed: true, cause };
      wake?.();
    },
  );
  try {
    for (;;) {
      const item = items.shift();
      if (item !== undefined) yield item;
      else if (outcome?.failed === true) throw outcome.cause;
      else if (outcome) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    controller.abort();
  }
}
