import { createDeferred } from '@tabswarm/base';
import { beforeEach, describe, expect, it } from 'vitest';
import { createBatcher, MAX_BATCH_ENTRIES, type Batch, type Batcher } from '../src/batch.ts';

const MIB = 1024 * 1024;

describe('a batcher', () => {
  let written: string[][];
  let outcome: () => Promise<void>;
  let batcher: Batcher;
  beforeEach(() => {
    written = [];
    outcome = () => Promise.resolve();
    batcher = createBatcher(({ entries }: Batch) => {
      written.push(entries.map(([key]) => key));
      return outcome();
    });
  });
  const add = (key: string, bytes = 1): Promise<void> => batcher.add(key, new ArrayBuffer(bytes));

  it('[ST3] writes 8 in one transaction, at once', async () => {
    const adds = Array.from({ length: MAX_BATCH_ENTRIES }, (_, i) => add(String(i)));
    expect(written).toEqual([['0', '1', '2', '3', '4', '5', '6', '7']]);
    await Promise.all(adds);
  });

  it('[ST3] writes at once what comes while nothing is being written, with what comes in the same turn', async () => {
    const adds = [add('a'), add('b')];
    expect(written).toEqual([]);
    await Promise.all(adds);
    expect(written).toEqual([['a', 'b']]);
  });

  it('[ST3] writes together what came while something was being written', async () => {
    const slow = createDeferred<void>();
    outcome = () => slow.promise;
    const first = add('a');
    await Promise.resolve();
    const others = [add('b')];
    await Promise.resolve();
    others.push(add('c'));
    await Promise.resolve();
    expect(written).toEqual([['a']]);
    outcome = () => Promise.resolve();
    slow.resolve();
    await Promise.all([first, ...others]);
    expect(written).toEqual([['a'], ['b', 'c']]);
  });

  it('[ST3] goes on after a batch that failed', async () => {
    const failing = createDeferred<void>();
    outcome = () => failing.promise;
    const first = add('a');
    await Promise.resolve();
    const second = add('b');
    outcome = () => Promise.resolve();
    failing.reject(new DOMException('full', 'QuotaExceededError'));
    await expect(first).rejects.toThrow('full');
    await second;
    expect(written).toEqual([['a'], ['b']]);
  });

  it('[ST3] writes 8 even while something is being written', async () => {
    outcome = () => new Promise(() => undefined);
    void add('a');
    await Promise.resolve();
    for (let i = 0; i < MAX_BATCH_ENTRIES; i += 1) void add(String(i));
    expect(written).toEqual([['a'], ['0', '1', '2', '3', '4', '5', '6', '7']]);
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
