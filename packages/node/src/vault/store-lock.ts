import { createLimiter } from '@tabswarm/base';

/**
 * Keeps apart, in all tabs of a browser, those who store blocks that no share lists yet and those who delete blocks that
 * no share lists.
 */
export interface StoreLock {
  /** Runs `work`, together with others who share, once nobody is alone. */
  shared<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work` while nobody else has the lock; answers undefined at once where somebody has. */
  aloneIfFree<T>(work: () => Promise<T>): Promise<T | undefined>;
  /**
   * Runs `work` when no other work is run this way, whoever shares the lock meanwhile: for the moment in which a share is
   * listed, or in which blocks are deleted that were a share's.
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

/** A lock that all tabs of a browser have together, and that the browser frees with the tab. */
export function createWebStoreLock(locks: LockManager, name = 'tabswarm blocks'): StoreLock {
  return {
    shared: (work) => locks.request(name, { mode: 'shared' }, work),
    aloneIfFree: (work) =>
      locks.request(name, { mode: 'exclusive', ifAvailable: true }, (lock) =>
        lock ? work() : Promise.resolve(undefined),
      ),
    alone: (work) => locks.request(`${name} listing`, { mode: 'exclusive' }, work),
  };
}

/** For stores that live in one process. */
export function createMemoryStoreLock(): StoreLock {
  let sharing = 0;
  let alone: Promise<unknown> | undefined;
  const listing = createLimiter(1);
  return {
    alone: (work) => listing.run(work),
    async shared(work) {
      while (alone) await alone;
      sharing += 1;
      try {
        return await work();
      } finally {
        sharing -= 1;
      }
    },
    async aloneIfFree(work) {
      if (sharing > 0 || alone) return undefined;
      const running = work();
      alone = running.then(
        () => undefined,
        () => undefined,
      );
      try {
        return await running;
      } finally {
        alone = undefined;
      }
    },
  };
}
