import { createDeferred } from '@tabswarm/base';
import { createMemoryStoreLock, createWebStoreLock, type StoreLock } from '@tabswarm/node/vault';
import { describe, expect, it } from 'vitest';

/** As much of a browser's lock manager as is used: one name, held by several who share or by one alone. */
function createLockManager(): LockManager {
  let sharing = 0;
  let alone = false;
  const manager = {
    async request(
      name: string,
      { mode, ifAvailable = false }: LockOptions,
      work: (lock: unknown) => Promise<unknown>,
    ) {
      const lock = { name, mode };
      if (mode === 'exclusive') {
        if (ifAvailable && (sharing > 0 || alone)) return work(null);
        alone = true;
        return work(lock).finally(() => {
          alone = false;
        });
      }
      while (alone) await Promise.resolve();
      sharing += 1;
      return work(lock).finally(() => {
        sharing -= 1;
      });
    },
  };
  return manager as unknown as LockManager;
}

describe.each<[string, () => StoreLock]>([
  ['in memory', createMemoryStoreLock],
  ['of the browser', () => createWebStoreLock(createLockManager())],
])('a store lock %s', (_, make) => {
  it('[ST13] is shared by several, and then free for nobody alone', async () => {
    const lock = make();
    const [first, second] = [createDeferred<string>(), createDeferred<string>()];
    const sharing = [lock.shared(() => first.promise), lock.shared(() => second.promise)];
    expect(await lock.aloneIfFree(() => Promise.resolve('alone'))).toBeUndefined();
    first.resolve('first');
    await sharing[0];
    expect(await lock.aloneIfFree(() => Promise.resolve('alone'))).toBeUndefined();
    second.resolve('second');
    expect(await Promise.all(sharing)).toEqual(['first', 'second']);
    expect(await lock.aloneIfFree(() => Promise.resolve('alone'))).toBe('alone');
  });

  it('[ST13] held alone makes the others wait, however that ends', async () => {
    const lock = make();
    const work = createDeferred<void>();
    const order: string[] = [];
    const alone = lock.aloneIfFree(() => work.promise).catch(() => order.push('failed'));
    expect(await lock.aloneIfFree(() => Promise.resolve('two'))).toBeUndefined();
    const shared = lock.shared(() => {
      order.push('shared');
      return Promise.resolve();
    });
    await Promise.resolve();
    expect(order).toEqual([]);
    work.reject(new Error('no'));
    await Promise.all([alone, shared]);
    expect(order.toSorted()).toEqual(['failed', 'shared']);
    expect(await lock.aloneIfFree(() => Promise.resolve('free'))).toBe('free');
  });
});
