/**
 * The little that the stores need of a database. Values are cloned on the way in and out, as IndexedDB does, so that
 * nobody can change or detach what is kept.
 */
export interface Database<V> {
  get(key: string): Promise<V | undefined>;
  /** In the order of the keys, and for a fraction of what as many `get` cost. */
  getMany(keys: readonly string[]): Promise<(V | undefined)[]>;
  /** All or nothing. Resolves when it is on disk; rejects with a QuotaExceededError where there is no room. */
  setMany(entries: readonly (readonly [key: string, value: V])[]): Promise<void>;
  /** Reads and writes as one step, whoever else does. Writes nothing where `change` returns undefined or throws. */
  update(key: string, change: (value: V | undefined) => V | undefined): Promise<V | undefined>;
  deleteMany(keys: readonly string[]): Promise<void>;
  /** Those of the keys behind which there is no value. */
  lacking(keys: readonly string[]): Promise<string[]>;
  /** The keys that begin so, in order. */
  keys(prefix: string): Promise<string[]>;
  /** The values behind those keys, in the same order. */
  values(prefix: string): Promise<V[]>;
}

/** A database in memory. Tabs that share it are given the same one. */
export function createMemoryDatabase<V>(): Database<V> {
  const kept = new Map<string, V>();
  const keysFrom = (prefix: string): string[] =>
    [...kept.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  return {
    get: (key) => Promise.resolve(structuredClone(kept.get(key))),
    getMany: (keys) => Promise.resolve(keys.map((key) => structuredClone(kept.get(key)))),
    setMany(entries) {
      for (const [key, value] of entries) kept.set(key, structuredClone(value));
      return Promise.resolve();
    },
    // Asynchronous, so that a `change` that throws rejects.
    async update(key, change) {
      const next = change(structuredClone(kept.get(key)));
      if (next !== undefined) kept.set(key, structuredClone(next));
      return Promise.resolve(next);
    },
    deleteMany(keys) {
      for (const key of keys) kept.delete(key);
      return Promise.resolve();
    },
    lacking: (keys) => Promise.resolve(keys.filter((key) => !kept.has(key))),
    keys: (prefix) => Promise.resolve(keysFrom(prefix)),
    values: (prefix) => Promise.resolve(keysFrom(prefix).map((key) => structuredClone(kept.get(key) as V))),
  };
}
