/** Values pushed from one side and iterated on the other, in order. */
export interface Queue<T> extends AsyncIterable<T> {
  push(value: T): void;
  /** Ends the iteration once what was pushed has been taken. */
  end(): void;
  fail(cause: unknown): void;
}

export function createQueue<T>(): Queue<T> {
  const values: T[] = [];
  let outcome: { readonly cause?: unknown; readonly failed: boolean } | undefined;
  let wake: (() => void) | undefined;

  const notify = (): void => {
    wake?.();
    wake = undefined;
  };
  const finish = (failed: boolean, cause?: unknown): void => {
    outcome ??= { failed, cause };
    notify();
  };

  return {
    push(value) {
      if (outcome) return;
      values.push(value);
      notify();
    },
    end: () => finish(false),
    fail: (cause) => finish(true, cause),
    async *[Symbol.asyncIterator]() {
      for (;;) {
        for (let value = values.shift(); value !== undefined; value = values.shift()) yield value;
        if (outcome) {
          if (outcome.failed) throw outcome.cause;
          return;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
