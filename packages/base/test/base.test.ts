import { describe, expect, it, vi } from 'vitest';
import {
  abortable,
  createDeferred,
  createLimiter,
  createListeners,
  createLog,
  createState,
  every,
  gather,
  randomInt,
  shuffled,
  sleep,
  stateWhere,
  systemClock,
  TimeoutError,
  withTimeout,
  type LogEntry,
} from '../src/index.ts';

/** Timers that are run by hand; enough for this package, which must not depend on the test kit. */
function createHandClock() {
  const timers = new Map<() => void, number>();
  return {
    now: () => 0,
    after(ms: number, run: () => void) {
      const entry = (): void => run();
      timers.set(entry, ms);
      return () => {
        timers.delete(entry);
      };
    },
    fire() {
      const [next] = timers.keys();
      if (!next) throw new Error('no timer is set');
      timers.delete(next);
      next();
    },
    waits: () => [...timers.values()],
  };
}

const reason = new Error('enough');

describe('aborting', () => {
  it('passes outcomes on, and rejects with the reason of the signal', async () => {
    const { signal } = new AbortController();
    await expect(abortable(Promise.resolve(1), signal)).resolves.toBe(1);
    await expect(abortable(Promise.resolve(1), undefined)).resolves.toBe(1);
    await expect(abortable(Promise.reject(reason), signal)).rejects.toBe(reason);
    await expect(abortable(Promise.reject(new Error('late')), AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    const waiting = expect(abortable(createDeferred<void>().promise, controller.signal)).rejects.toBe(reason);
    controller.abort(reason);
    await waiting;
  });

  it('leaves no listener on the signal, not even for whoever waited', async () => {
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    await abortable(Promise.resolve(), signal);
    expect(remove).toHaveBeenCalledTimes(1);
    await abortable(Promise.reject(reason), signal).catch(() => undefined);
    expect(remove).toHaveBeenCalledTimes(2);
  });

  it('ends work that takes too long with a TimeoutError, which the work hears of', async () => {
    const clock = createHandClock();
    let heard: unknown;
    const work = withTimeout(
      clock,
      500,
      (signal) => {
        signal.addEventListener('abort', () => (heard = signal.reason));
        return createDeferred<void>().promise;
      },
      { what: 'the question' },
    );
    expect(clock.waits()).toEqual([500]);
    const failed = expect(work).rejects.toThrow('the question took longer than 500 ms');
    clock.fire();
    await failed;
    expect(heard).toBeInstanceOf(TimeoutError);
  });

  it('calls the timer off when the work is done', async () => {
    const clock = createHandClock();
    await expect(withTimeout(clock, 500, () => Promise.resolve(3))).resolves.toBe(3);
    expect(clock.waits()).toEqual([]);
  });
});

describe('time', () => {
  it('sleeps, or wakes with the reason of its signal', async () => {
    const clock = createHandClock();
    const slept = sleep(clock, 100);
    clock.fire();
    await slept;
    const controller = new AbortController();
    const woken = expect(sleep(clock, 100, controller)).rejects.toBe(reason);
    controller.abort(reason);
    await woken;
    expect(clock.waits()).toEqual([]);
    await expect(sleep(clock, 100, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('repeats until told to stop, each wait asked for anew', () => {
    const clock = createHandClock();
    const controller = new AbortController();
    let turns = 0;
    every(
      clock,
      () => 10 + turns,
      () => (turns += 1),
      controller,
    );
    clock.fire();
    clock.fire();
    expect(turns).toBe(2);
    expect(clock.waits()).toEqual([12]);
    controller.abort();
    expect(clock.waits()).toEqual([]);
  });

  it('is the real one where nothing else is said', async () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
    await sleep(systemClock, 1);
    systemClock.after(0, () => expect.unreachable())();
    await sleep(systemClock, 5);
  });
});

describe('a limiter', () => {
  it('runs so many at once, the others in order', async () => {
    const limiter = createLimiter(2);
    const gates = [1, 2, 3, 4].map(() => createDeferred<void>());
    const started: number[] = [];
    const runs = gates.map((gate, i) =>
      limiter.run(() => {
        started.push(i);
        return gate.promise;
      }),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    gates[1]?.resolve();
    await runs[1];
    await Promise.resolve();
    expect(started).toEqual([0, 1, 2]);
    gates[0]?.reject(reason);
    await expect(runs[0]).rejects.toBe(reason);
    await Promise.resolve();
    expect(started).toEqual([0, 1, 2, 3]);
    for (const gate of gates) gate.resolve();
    await Promise.all(runs.slice(1));
  });

  it('lets one that waits give up, without a hole in the queue', async () => {
    const limiter = createLimiter(1);
    const gate = createDeferred<void>();
    const first = limiter.run(() => gate.promise);
    const controller = new AbortController();
    const second = expect(limiter.run(() => Promise.resolve(2), controller)).rejects.toBe(reason);
    const third = limiter.run(() => Promise.resolve(3));
    controller.abort(reason);
    await second;
    gate.resolve();
    await first;
    await expect(third).resolves.toBe(3);
    await expect(limiter.run(() => Promise.resolve(4))).resolves.toBe(4);
    const late = { signal: AbortSignal.abort(reason) };
    await expect(limiter.run(() => Promise.resolve(5), late)).rejects.toBe(reason);
  });
});

describe('listeners and state', () => {
  it('calls each subscription once, until it is taken back', () => {
    const listeners = createListeners<number>();
    const got: string[] = [];
    const listener = (value: number): number => got.push(`a${value}`);
    const first = listeners.subscribe(listener);
    listeners.subscribe(listener);
    const leaving = listeners.subscribe((value) => {
      got.push(`b${value}`);
      leaving();
    });
    listeners.emit(1);
    first();
    first();
    listeners.emit(2);
    expect(got).toEqual(['a1', 'a1', 'b1', 'a2']);
  });

  it('tells of changes, and of nothing else', () => {
    const state = createState(1);
    let changes = 0;
    const unsubscribe = state.subscribe(() => (changes += 1));
    state.set(1);
    state.set(2);
    unsubscribe();
    state.set(3);
    expect([state.get(), changes]).toEqual([3, 1]);
  });

  it('waits for a value, those already there included', async () => {
    const state = createState(1);
    await expect(stateWhere(state, (value) => value === 1)).resolves.toBe(1);
    const later = stateWhere(state, (value) => value > 2);
    state.set(2);
    state.set(3);
    await expect(later).resolves.toBe(3);
    const controller = new AbortController();
    const given = expect(stateWhere(state, () => false, controller)).rejects.toBe(reason);
    controller.abort(reason);
    await given;
    await expect(stateWhere(state, () => true, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('logs and randomness', () => {
  it('names the part that speaks', () => {
    const entries: LogEntry[] = [];
    const log = createLog((entry) => entries.push(entry))
      .scoped('node')
      .scoped('dht');
    log.warn('something', { count: 2 });
    expect(entries).toEqual([
      { level: 'warn', scope: 'node/dht', message: 'something', fields: { count: 2 } },
    ]);
  });

  it('shuffles without losing or changing what it was given', () => {
    let at = 0;
    const random = { number: () => [0.9, 0.1, 0.5][(at += 1) % 3] as number, bytes: () => new Uint8Array() };
    const items = [1, 2, 3, 4, 5];
    const out = shuffled(random, items);
    expect(items).toEqual([1, 2, 3, 4, 5]);
    expect(out).not.toEqual(items);
    expect(out.toSorted((a, b) => a - b)).toEqual(items);
    expect(randomInt({ ...random, number: () => 0.999_999 }, 10)).toBe(9);
    expect(randomInt({ ...random, number: () => 0 }, 10)).toBe(0);
  });
});

describe('what is gathered', () => {
  it('is worked on together where it is asked for in one turn, and each gets its own', async () => {
    const calls: string[][] = [];
    const ask = gather((keys: readonly string[]) => {
      calls.push([...keys]);
      return Promise.resolve(keys.map((key) => key.toUpperCase()));
    });
    // Some a few promises deep, as where each had to wait for something that is there already.
    const deep = async (key: string): Promise<string> => {
      await Promise.resolve();
      return ask(key);
    };
    expect(await Promise.all([ask('a'), ask('b'), ask('a')])).toEqual(['A', 'B', 'A']);
    expect(await Promise.all(['c', 'd'].map(deep))).toEqual(['C', 'D']);
    expect(calls).toEqual([
      ['a', 'b', 'a'],
      ['c', 'd'],
    ]);
  });

  it('fails for that which is at fault alone', async () => {
    const calls: number[][] = [];
    const ask = gather((keys: readonly number[]) => {
      calls.push([...keys]);
      return keys.includes(2) ? Promise.reject(new Error('unreadable')) : Promise.resolve(keys);
    });
    const all = await Promise.allSettled([ask(1), ask(2), ask(3)]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(all[2]).toMatchObject({ value: 3 });
    await expect(ask(2)).rejects.toThrow('unreadable');
    expect(calls).toEqual([[1, 2, 3], [1], [2], [3], [2]]);
  });
});
