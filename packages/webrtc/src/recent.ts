import type { Clock } from '@tabswarm/base';

/** A bounded map whose entries grow old. What is set again is young again; the one set longest ago goes first. */
export interface Recent<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
}

export function createRecent<K, V>(
  clock: Clock,
  { ms, entries: most }: { readonly ms: number; readonly entries: number },
): Recent<K, V> {
  const entries = new Map<K, { readonly value: V; readonly until: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      return entry && entry.until > clock.now() ? entry.value : undefined;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, { value, until: clock.now() + ms });
      if (entries.size <= most) return;
      const oldest = entries.keys().next();
      if (oldest.done !== true) entries.delete(oldest.value);
    },
    delete: (key) => void entries.delete(key),
  };
}
