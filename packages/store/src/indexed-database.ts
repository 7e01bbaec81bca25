import { createStore, delMany, get, getMany, promisifyRequest, setMany, type UseStore } from 'idb-keyval';
import type { Database } from './database.ts';

/** idb-keyval makes databases with one object store each; ours are all called this. */
const OBJECT_STORE = 'values';
/** Greater than any character of a key, so that a range from a prefix to prefix + this holds what begins so. */
const AFTER_ANY_KEY = '\uffff';

type Open = (database: string, objectStore: string) => UseStore;

/** An IndexedDB database of that name. `open` makes the connection. */
export function createIndexedDatabase<V>(
  name: string,
  { open = createStore }: { readonly open?: Open } = {},
): Database<V> {
  const use = reopening(() => open(name, OBJECT_STORE));
  return {
    get: (key) => get<V>(key, use),
    getMany: (keys) => getMany<V | undefined>([...keys], use),
    setMany: (entries) =>
      setMany(
        entries.map(([key, value]) => [key, value]),
        use,
      ),
    deleteMany: (keys) => delMany([...keys], use),
    update: (key, change) =>
      use('readwrite', async (store) => {
        const next = change(await promisifyRequest<V | undefined>(store.get(key)));
        if (next !== undefined) store.put(next, key);
        await promisifyRequest(store.transaction);
        return next;
      }),
    lacking: (keys) =>
      use('readonly', async (store) => {
        const found = await Promise.all(keys.map((key) => promisifyRequest(store.getKey(key))));
        return keys.filter((_, i) => found[i] === undefined);
      }),
    keys: (prefix) =>
      use('readonly', (store) =>
        promisifyRequest(store.getAllKeys(rangeFrom(prefix)) as IDBRequest<string[]>),
      ),
    values: (prefix) =>
      use('readonly', (store) => promisifyRequest(store.getAll(rangeFrom(prefix)) as IDBRequest<V[]>)),
  };
}

/**
 * A connection that is made anew when it is lost. Browsers close connections on their own (Safari when its database
 * process dies, https://bugs.webkit.org/show_bug.cgi?id=197050; every browser when site data is cleared), and the
 * transactions under way with them. What was being done is done once more: every one of our transactions can be.
 */
export function reopening(connect: () => UseStore): UseStore {
  let use: UseStore | undefined;
  return async (mode, callback) => {
    const connection = (use ??= connect());
    try {
      return await withReason(connection, mode, callback);
    } catch (error) {
      if (!isLost(error)) throw error;
      // Of those that lost the same connection only the first makes a new one.
      if (use === connection) use = connect();
      return withReason(use, mode, callback);
    }
  };
}

/** As `use`, but rejects with the transaction's error where idb-keyval rejects with null, before it is known. */
async function withReason<T>(
  use: UseStore,
  mode: IDBTransactionMode,
  callback: (store: IDBObjectStore) => T | PromiseLike<T>,
): Promise<T> {
  let aborted: Promise<unknown> | undefined;
  try {
    return await use(mode, (store) => {
      const { transaction } = store;
      aborted = new Promise((resolve) => {
        transaction.addEventListener('abort', () => resolve(transaction.error), { once: true });
      });
      return callback(store);
    });
  } catch (error) {
    if (error !== null && error !== undefined) throw error;
    // A failed request reaches the transaction before the transaction has failed; it aborts right after.
    const reason = await aborted;
    throw reason instanceof Error ? reason : new DOMException('the database failed', 'UnknownError');
  }
}

function isLost(error: unknown): boolean {
  // InvalidStateError: the connection is closing. AbortError: it was closed under a transaction. UnknownError: what
  // Safari and Chrome say when the process behind it is gone.
  return error instanceof Error && ['InvalidStateError', 'AbortError', 'UnknownError'].includes(error.name);
}

function rangeFrom(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, prefix + AFTER_ANY_KEY);
}
