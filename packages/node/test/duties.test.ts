import { createDeferred } from '@tabswarm/base';
import { createMemoryTabs } from '@tabswarm/store';
import { createManualClock, type ManualClock } from '@tabswarm/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLockDuties, type Duties } from '../src/duties.ts';

const HANDED_OVER_WITHIN_MS = 5_000;
const NAME = 'download x';

interface Request {
  readonly start: () => void;
  readonly fail: (cause: unknown) => void;
}

/** One exclusive lock, as a browser's lock manager has it, for several tabs. */
function createLocks(): LockManager {
  let holder: Request | undefined;
  const queue: Request[] = [];
  const next = (): void => {
    holder = queue.shift();
    holder?.start();
  };
  const manager = {
    request: (
      _name: string,
      { signal, steal = false }: { signal?: AbortSignal; steal?: boolean },
      work: () => Promise<void>,
    ) =>
      new Promise<void>((resolve, reject) => {
        const request: Request = {
          fail: reject,
          start() {
            work()
              .then(resolve, reject)
              .finally(() => {
                if (holder === request) next();
              });
          },
        };
        signal?.addEventListener('abort', () => {
          const at = queue.indexOf(request);
          if (at < 0) return;
          queue.splice(at, 1);
          reject(signal.reason);
        });
        if (steal) {
          const robbed = holder;
          holder = request;
          robbed?.fail(new DOMException('the lock was stolen', 'AbortError'));
          request.start();
        } else if (holder) queue.push(request);
        else {
          holder = request;
          request.start();
        }
      }),
  };
  return manager as unknown as LockManager;
}

interface TestTab {
  readonly clock: ManualClock;
  readonly duties: Duties;
  readonly over: AbortController;
  /** How often it has begun, and been told to end by another tab. */
  readonly seen: { begun: number; taken: number };
  readonly finish: () => void;
  hold(): Promise<void>;
}

describe('a duty of one tab', () => {
  let first: TestTab;
  let second: TestTab;
  beforeEach(() => {
    const [locks, tabs] = [createLocks(), createMemoryTabs()];
    const openTab = (): TestTab => {
      const clock = createManualClock();
      const duties = createLockDuties({ locks, tabs: tabs.open(), clock });
      const over = new AbortController();
      const seen = { begun: 0, taken: 0 };
      const done = createDeferred<void>();
      const work = (signal: AbortSignal): Promise<void> => {
        seen.begun += 1;
        return new Promise((resolve, reject) => {
          void done.promise.then(resolve);
          signal.addEventListener('abort', () => {
            if (!over.signal.aborted) seen.taken += 1;
            reject(signal.reason);
          });
        });
      };
      const hold = (): Promise<void> => duties.hold(NAME, work, over);
      return { clock, duties, over, seen, finish: () => done.resolve(), hold };
    };
    [first, second] = [openTab(), openTab()];
  });
  const advance = async (ms: number, ...tabs: TestTab[]): Promise<void> => {
    for (let at = 0; at < ms; at += 100) for (const { clock } of tabs) await clock.advance(100);
  };

  it('[ST29] is not another’s as long as that tab lives', async () => {
    const [held, waiting] = [first.hold(), second.hold()];
    await advance(10 * HANDED_OVER_WITHIN_MS, first, second);
    expect([first.seen, second.seen]).toEqual([
      { begun: 1, taken: 0 },
      { begun: 0, taken: 0 },
    ]);
    first.finish();
    await held;
    await advance(100, second);
    expect(second.seen.begun).toBe(1);
    second.finish();
    await waiting;
  });

  it('[ST29] passes on when its tab is frozen, which waits for it again once it thaws', async () => {
    const [held, waiting] = [first.hold(), second.hold()];
    await advance(3_000, first, second);
    // From here on nothing of the first tab runs.
    await advance(HANDED_OVER_WITHIN_MS, second);
    expect(second.seen).toEqual({ begun: 1, taken: 0 });
    expect(first.seen).toEqual({ begun: 1, taken: 1 });
    await advance(10 * HANDED_OVER_WITHIN_MS, first, second);
    expect([first.seen.begun, second.seen.begun]).toEqual([1, 1]);
    second.finish();
    await waiting;
    await advance(100, first);
    expect(first.seen.begun).toBe(2);
    first.finish();
    await held;
  });

  it('[ST29] is not taken from anybody because the machine slept', async () => {
    void first.hold();
    void second.hold();
    await advance(1_000, first, second);
    // One long turn of both, the waiting one first.
    for (const { clock } of [second, first]) await clock.advance(900);
    expect(second.seen.begun).toBe(0);
    await advance(3_000, first, second);
    expect(second.seen.begun).toBe(0);
  });

  it('[ST29] is given up by whoever waits for it or has it', async () => {
    const [held, waiting] = [first.hold(), second.hold()];
    const gaveUp = [held, waiting].map((one) => expect(one).rejects.toThrow('enough'));
    second.over.abort(new Error('enough'));
    first.over.abort(new Error('enough'));
    await Promise.all(gaveUp);
    expect(second.seen.begun).toBe(0);
  });
});
