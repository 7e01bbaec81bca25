import { createDeferred } from '@tabswarm/base';
import { VerifiedBlock } from '@tabswarm/content';
import {
  createBlockStore,
  createMemoryDatabase,
  createMemoryTabs,
  type BlockChange,
  type BlockStore,
  type Database,
  type TabChannel,
} from '@tabswarm/store';
import { beforeEach, describe, expect, it } from 'vitest';

function blockOf(seed: number): Promise<VerifiedBlock> {
  return VerifiedBlock.of(new Uint8Array(100).fill(seed).buffer, { height: 0 });
}

function quotaError(): DOMException {
  return new DOMException('no room', 'QuotaExceededError');
}

describe('a block store over a database that fails', () => {
  let database: Database<ArrayBuffer>;
  let failure: Error | undefined;
  let writes: number;
  let store: BlockStore;
  let other: TabChannel;
  let changes: BlockChange[];
  beforeEach(() => {
    failure = undefined;
    writes = 0;
    const memory = createMemoryDatabase<ArrayBuffer>();
    const orFail = <T>(work: () => Promise<T>): Promise<T> => (failure ? Promise.reject(failure) : work());
    database = {
      ...memory,
      setMany(entries) {
        writes += 1;
        return orFail(() => memory.setMany(entries));
      },
      deleteMany: (keys) => orFail(() => memory.deleteMany(keys)),
      keys: (prefix) => orFail(() => memory.keys(prefix)),
    };
    const tabs = createMemoryTabs();
    other = tabs.open();
    store = createBlockStore({ database, tabs: tabs.open() });
    changes = [];
    store.onChange((change) => changes.push(change));
  });

  const put = (...blocks: VerifiedBlock[]): Promise<PromiseSettledResult<void>[]> =>
    Promise.allSettled(blocks.map((block) => store.put(block)));

  it('[ST4] rejects what was put while the disk was full, and keeps all the rest', async () => {
    const [before, lost, after] = [await blockOf(1), await blockOf(2), await blockOf(3)];
    await put(before);
    failure = quotaError();
    expect(await put(lost)).toEqual([{ status: 'rejected', reason: failure }]);
    expect(await store.ids()).toEqual(new Set([before.id]));
    failure = undefined;
    await put(after);
    expect(await store.ids()).toEqual(new Set([before.id, after.id]));
    expect(changes).toEqual([
      { type: 'kept', ids: [before.id] },
      { type: 'kept', ids: [after.id] },
    ]);
    // And the lost one is taken when it comes again.
    expect(await put(lost)).toEqual([{ status: 'fulfilled', value: undefined }]);
    expect(await store.get(lost.id)).toBeDefined();
  });

  it('[ST3] writes a block that is kept no second time', async () => {
    const block = await blockOf(1);
    await put(block, block);
    await put(block);
    expect(writes).toBe(1);
  });

  it('[ST5] still has what it could not delete', async () => {
    const block = await blockOf(1);
    await put(block);
    failure = new DOMException('broken', 'UnknownError');
    await expect(store.delete([block.id])).rejects.toBe(failure);
    expect(await store.ids()).toEqual(new Set([block.id]));
    failure = undefined;
    expect(await store.get(block.id)).toBeDefined();
    expect(changes).toEqual([{ type: 'kept', ids: [block.id] }]);
  });

  it('[ST2] tries again to find out what it has when that failed', async () => {
    failure = new DOMException('broken', 'UnknownError');
    await expect(store.ids()).rejects.toBe(failure);
    failure = undefined;
    expect(await store.ids()).toEqual(new Set());
  });

  it('[ST6] no longer claims a block that the browser lost', async () => {
    const block = await blockOf(1);
    await put(block);
    const told: unknown[] = [];
    other.onMessage((message) => told.push(message));
    await database.deleteMany([block.id]);
    expect(await store.get(block.id)).toBeUndefined();
    expect(await store.ids()).toEqual(new Set());
    await Promise.resolve();
    expect(changes.at(-1)).toEqual({ type: 'gone', ids: [block.id] });
    expect(told).toEqual([{ type: 'gone', ids: [block.id] }]);
    await put(block);
    expect(await store.get(block.id)).toBeDefined();
  });

  it('[ST7] passes over what another version of the page may say', async () => {
    for (const message of [
      null,
      'x',
      {},
      { type: 'kept' },
      { type: 'kept', ids: ['x'] },
      { type: 'new', ids: [] },
    ]) {
      other.post(message);
    }
    await Promise.resolve();
    expect(await store.ids()).toEqual(new Set());
    expect(changes).toEqual([]);
  });
});

describe('a block store over a slow database', () => {
  it('[ST7] hears what another tab does while it finds out what there is', async () => {
    const [before, meanwhile, deleted] = [await blockOf(1), await blockOf(2), await blockOf(3)];
    const keys = createDeferred<string[]>();
    const tabs = createMemoryTabs();
    const other = tabs.open();
    const store = createBlockStore({
      database: { ...createMemoryDatabase<ArrayBuffer>(), keys: () => keys.promise },
      tabs: tabs.open(),
    });
    const ids = store.ids();
    other.post({ type: 'kept', ids: [meanwhile.id] });
    other.post({ type: 'gone', ids: [deleted.id] });
    await Promise.resolve();
    // Read before the other tab deleted and wrote.
    keys.resolve([before.id, deleted.id]);
    expect(await ids).toEqual(new Set([before.id, meanwhile.id]));
  });

  it('[ST3] writes what waits when it is closed, whatever is still being written', async () => {
    const [first, second] = [await blockOf(1), await blockOf(2)];
    const memory = createMemoryDatabase<ArrayBuffer>();
    const begun: string[][] = [];
    const firstBegun = createDeferred<void>();
    const store = createBlockStore({
      database: {
        ...memory,
        setMany(entries) {
          begun.push(entries.map(([key]) => key));
          firstBegun.resolve();
          return begun.length === 1 ? new Promise(() => undefined) : memory.setMany(entries);
        },
      },
      tabs: createMemoryTabs().open(),
    });
    await store.ids();
    void store.put(first);
    await firstBegun.promise;
    const written = store.put(second);
    // Longer than a put takes where nothing is being written.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect(begun).toEqual([[first.id]]);
    store.close();
    await written;
    expect(begun).toEqual([[first.id], [second.id]]);
  });

  it('[ST5] does not claim a block that was deleted while it was being written', async () => {
    const block = await blockOf(1);
    const memory = createMemoryDatabase<ArrayBuffer>();
    const disk = createDeferred<void>();
    const begun = createDeferred<void>();
    const store = createBlockStore({
      database: {
        ...memory,
        setMany(entries) {
          begun.resolve();
          return disk.promise.then(() => memory.setMany(entries));
        },
        deleteMany: (keys) => disk.promise.then(() => memory.deleteMany(keys)),
      },
      tabs: createMemoryTabs().open(),
    });
    const changes: BlockChange[] = [];
    store.onChange((change) => changes.push(change));
    const written = store.put(block);
    await begun.promise;
    const deleted = store.delete([block.id]);
    disk.resolve();
    await Promise.all([written, deleted]);
    expect(await store.ids()).toEqual(new Set());
    expect(changes).toEqual([{ type: 'gone', ids: [block.id] }]);
  });
});
