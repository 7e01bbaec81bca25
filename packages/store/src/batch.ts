import { createDeferred, type Deferred } from '@tabswarm/base';

/** A transaction costs milliseconds whatever it holds; measured, 8 blocks of 256 KiB in one are twice as fast as one. */
export const MAX_BATCH_ENTRIES = 8;
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
}

/**
 * Gathers writes into batches: what comes while one is being written goes together into the next (group commit; DeWitt
 * et al., "Implementation Techniques for Main Memory Database Systems", SIGMOD 1984). So nothing waits for company where
 * the disk has time for it. A batch that fails takes no other with it. `write` must settle: what comes waits for it.
 */
export function createBatcher(write: (batch: Batch) => Promise<void>): Batcher {
  let waiting: Waiting | undefined;
  let writing = 0;

  const flush = (): void => {
    const batch = waiting;
    if (!batch) return;
    waiting = undefined;
    writing += 1;
    write(batch)
      .finally(() => {
        writing -= 1;
        flushIfIdle();
      })
      .then(batch.written.resolve, batch.written.reject);
  };

  const flushIfIdle = (): void => {
    if (writing === 0) flush();
  };

  return {
    add(key, value) {
      if (!waiting) {
        waiting = { entries: [], bytes: 0, written: createDeferred<void>() };
        // Whatever else is added in this turn goes with it.
        queueMicrotask(flushIfIdle);
      }
      const batch = waiting;
      batch.entries.push([key, value]);
      batch.bytes += value.byteLength;
      if (batch.entries.length >= MAX_BATCH_ENTRIES || batch.bytes >= MAX_BATCH_BYTES) flush();
      return batch.written.promise;
    },
    flush,
  };
}
