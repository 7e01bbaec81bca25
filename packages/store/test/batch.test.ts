import { createManualClock, type ManualClock } from '@tabswarm/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createBatcher,
  MAX_BATCH_DELAY_MS,
  MAX_BATCH_ENTRIES,
  type Batch,
  type Batcher,
} from '../src/batch.ts';

const MIB = 1024 * 1024;

describe('a batcher', () => {
  let clock: ManualClock;
  let written: string[][];
  let outcome: () => Promise<void>;
  let batcher: Batcher;
  beforeEach(() => {
    clock = createManualClock();
    written = [];
    outcome = () => Promise.resolve();
    batcher = createBatcher(clock, ({ entries }: Batch) => {
      written.push(entries.map(([key]) => key));
      return outcome();
    });
  });
  const add = (key: string, bytes = 1): Promise<void> => batcher.add(key, new ArrayBuffer(bytes));

  it('[ST3] writes 8 in one transaction, at once', async () => {
    const adds = Array.from({ length: MAX_BATCH_ENTRIES }, (_, i) => add(String(i)));
    expect(written).toEqual([['0', '1', '2', '3', '4', '5', '6', '7']]);
    await Promise.all(adds);
    expect(clock.pending()).toBe(0);
  });

  it('[ST3] writes fewer after 25 ms, counted from the first', async () => {
    const first = add('a');
    await clock.advance(MAX_BATCH_DELAY_MS - 1);
    const second = add('b');
    expect(written).toEqual([]);
    await clock.advance(1);
    expect(written).toEqual([['a', 'b']]);
    await Promise.all([first, second]);
  });

  it('[ST3] writes earlier where the values are large', () => {
    void add('a', 5 * MIB);
    void add('b', 5 * MIB);
    expect(written).toEqual([['a', 'b']]);
  });

  it('[ST4] fails all of a batch with the error, and no other batch', async () => {
    outcome = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    const failing = Promise.allSettled([add('a'), add('b')]);
    batcher.flush();
    outcome = () => Promise.resolve();
    const good = add('c');
    batcher.flush();
    const results = await failing;
    expect(results.map((result) => result.status === 'rejected' && (result.reason as Error).name)).toEqual([
      'QuotaExceededError',
      'QuotaExceededError',
    ]);
    await good;
  });

  it('[ST3] has nothing to flush when nothing waits', () => {
    batcher.flush();
    expect(written).toEqual([]);
  });
});
