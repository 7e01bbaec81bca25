import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createBoundedMap } from '../src/bounded-map.ts';
import { createCollector } from '../src/lookup/collector.ts';
import { createTokenBucket } from '@tabswarm/base';

describe('a token bucket', () => {
  it('gives its burst at once, then its rate', async () => {
    const clock = createManualClock();
    const bucket = createTokenBucket(clock, 2, 3);
    expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([true, true, true, false]);
    expect(bucket.waitMs()).toBe(500);
    await clock.advance(500);
    expect([bucket.take(), bucket.take()]).toEqual([true, false]);
    await clock.advance(60_000);
    expect(bucket.waitMs()).toBe(0);
    expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([true, true, true, false]);
  });
});

describe('a bounded map', () => {
  it('pushes out what was set longest ago', () => {
    const map = createBoundedMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 4);
    expect([map.get('a'), map.has('b'), map.get('c'), map.size]).toEqual([3, false, 4, 2]);
  });
});

describe('a collector', () => {
  it('gives what was emitted before the failure, and then the failure', async () => {
    const got: number[] = [];
    const failure = new Error('no more');
    const items = createCollector<number>(new AbortController().signal, (emit) => {
      emit(1);
      emit(2);
      return Promise.reject(failure);
    });
    await expect(collect(items, got)).rejects.toBe(failure);
    expect(got).toEqual([1, 2]);
  });

  it('does not begin before the first pull, nor for a signal that has aborted', async () => {
    let begun = 0;
    const begin = (): Promise<void> => {
      begun += 1;
      return Promise.resolve();
    };
    createCollector<number>(new AbortController().signal, begin);
    const reason = new Error('too late');
    await expect(collect(createCollector<number>(AbortSignal.abort(reason), begin), [])).rejects.toBe(reason);
    expect(begun).toBe(0);
  });

  it('cancels its work when the loop is left, or its signal aborts', async () => {
    const seen: AbortSignal[] = [];
    const endless = (emit: (item: number) => void, signal: AbortSignal): Promise<void> => {
      seen.push(signal);
      emit(1);
      return new Promise(() => undefined);
    };
    for await (const item of createCollector<number>(new AbortController().signal, endless)) {
      expect(item).toBe(1);
      break;
    }
    expect(seen[0]?.aborted).toBe(true);
    const controller = new AbortController();
    const reason = new Error('enough');
    const work = collect(createCollector<number>(controller.signal, endless), []);
    const failed = expect(work).rejects.toBe(reason);
    controller.abort(reason);
    await failed;
    expect(seen[1]?.reason).toBe(reason);
  });
});

async function collect<T>(items: AsyncIterable<T>, into: T[]): Promise<T[]> {
  for await (const item of items) into.push(item);
  return into;
}
