/** A map of at most `max` entries: one more pushes out the one set longest ago. */
export interface BoundedMap<K, V> {
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): void;
  delete(key: K): void;
  clear(): void;
  /** Oldest first. */
  entries(): Iterable<[K, V]>;
  readonly size: number;
}

export function createBoundedMap<K, V>(max: number): BoundedMap<K, V> {
  const map = new Map<K, V>();
  return {
    get: (key) => map.get(key),
    has: (key) => map.has(key),
    set(key, value) {
      // Maps iterate in order of insertion, so setting anew makes an entry the youngest.
      map.delete(key);
      map.set(key, value);
      if (map.size <= max) return;
      for (const oldest of map.keys()) {
        map.delete(oldest);
        break;
      }
    },
    delete(key) {
      map.delete(key);
    },
    clear: () => map.clear(),
    entries: () => map.entries(),
    get size() {
      return map.size;
    },
  };
}
