import 'fake-indexeddb/auto';
import { createIndexedDatabase } from '@tabswarm/store';
import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';
import { describe, expect, it } from 'vitest';
import { reopening } from '../src/indexed-database.ts';

let count = 0;
const freshName = (): string => `database-${(count += 1)}`;

/** A store whose connection can be got hold of. */
function createWatchedStore(): { open: (name: string) => UseStore; connections: IDBDatabase[] } {
  const connections: IDBDatabase[] = [];
  return {
    connections,
    open(name) {
      const use = createStore(name, 'values');
      return (mode, callback) =>
        use(mode, (store) => {
          if (!connections.includes(store.transaction.db)) connections.push(store.transaction.db);
          return callback(store);
        });
    },
  };
}

describe('a database in IndexedDB', () => {
  it('[ST10] opens a lost connection again, once for all who lost it', async () => {
    const { open, connections } = createWatchedStore();
    const database = createIndexedDatabase<number>(freshName(), { open });
    await database.setMany([['a', 1]]);
    connections[0]?.close();
    const writes = ['b', 'c', 'd'].map((key) => database.setMany([[key, 2]]));
    await Promise.all([...writes, database.get('a')]);
    expect(await database.keys('')).toEqual(['a', 'b', 'c', 'd']);
    expect(connections).toHaveLength(2);
  });

  it('[ST10] passes on an error that opening again cannot mend', async () => {
    let calls = 0;
    const failing: UseStore = () => {
      calls += 1;
      return Promise.reject(new DOMException('no room', 'QuotaExceededError'));
    };
    const database = createIndexedDatabase<number>(freshName(), { open: () => failing });
    await expect(database.setMany([['a', 1]])).rejects.toMatchObject({ name: 'QuotaExceededError' });
    expect(calls).toBe(1);
    const lost: UseStore = () => {
      calls += 1;
      return Promise.reject(new DOMException('gone', 'UnknownError'));
    };
    const hopeless = createIndexedDatabase<number>(freshName(), { open: () => lost });
    await expect(hopeless.get('a')).rejects.toMatchObject({ name: 'UnknownError' });
    expect(calls).toBe(3);
  });

  it('[ST4] fails with the reason of the transaction, where idb-keyval knows none', async () => {
    const use = reopening(() => createStore(freshName(), 'values'));
    const failing = use('readwrite', (store) => {
      store.add(1, 'same');
      store.add(2, 'same');
      return promisifyRequest(store.transaction);
    });
    await expect(failing).rejects.toMatchObject({ name: 'ConstraintError' });
    expect(await use('readonly', (store) => promisifyRequest(store.getAllKeys()))).toEqual([]);
  });

  it('[ST8] finds what begins with a prefix, and only that', async () => {
    const database = createIndexedDatabase<number>(freshName());
    await database.setMany([
      ['a:', 0],
      ['a:2', 2],
      ['a:1', 1],
      ['b:1', 3],
      ['a', 4],
    ]);
    expect(await database.keys('a:')).toEqual(['a:', 'a:1', 'a:2']);
    expect(await database.values('a:')).toEqual([0, 1, 2]);
  });
});
