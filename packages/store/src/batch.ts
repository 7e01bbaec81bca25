import { createDeferred, type Clock, type Deferred } from '@tabswarm/base';

/** A transaction costs milliseconds whatever it holds; measured, 8 blocks of 256 KiB in one are twice as fast as one. */
export const MAX_BATCH_ENTRIES = 8;
/** The longest that a lone write waits for company. */
export const MAX_BATCH_DELAY_MS = 25;
/** Bounds what waits in memory where blocks are large. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;

export interface Batch {
  readonly entries: readonly (readonly [key: string, value: ArrayBuffer])[];
}

export interface Batcher {
  /** Resolves when the batch that the value went into is written; rejects with what that batch failed of. */
  add(key: string, value: ArrayBuffer): Promise<void>;
  /** Writes now what waits. */
  flush(): void;
}

interface Waiting {
  readonly entries: [string, ArrayBuffer][];
  bytes: number;
  readonly written: Deferred<void>;
  readonly cancelTimer: () => void;
}

/** Gathers writes into batches. A batch that fails takes no other with it. */
export function createBatcher(clock: Clock, write: (batch: Batch) => Promise<void>): Batcher {
  let waiting: Waiting | undefined;

  const flush = (): void => {
    const batch = waiting;
    if (!batch) return;
    waiting = undefined;
    batch.cancelTimer();
    write(batch).then(batch.written.resolve, batch.written.reject);
  };

  const begin = (): Waiting => ({
    entries: [],
    bytes: 0,
    written: createDeferred<void>(),
    cancelTimer: clock.after(MAX_BATCH_DELAY_MS, flush),
  });

  return {
    add(key, value) {
      const batch = (waiting ??= begin());
      batch.entries.push([key, value]);
      batch.bytes += value.byteLength;
      if (batch.entries.length >= MAX_BATCH_ENTRIES || batch.bytes >= MAX_BATCH_BYTES) flush();
      return batch.written.promise;
    },
    flush,
  };
}
