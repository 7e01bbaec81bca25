/**
 * `work` for one key at a time, where those that are asked for in the same turn are handed over together: for what costs
 * much the same for one or for many. `work` answers in the order of the keys; where it rejects, all of them do.
 */
export function gather<K, V>(work: (keys: readonly K[]) => Promise<readonly V[]>): (key: K) => Promise<V> {
  let keys: K[] = [];
  let results: Promise<readonly V[]> | undefined;

  const begin = async (): Promise<readonly V[]> => {
    // Whatever else this turn asks for comes before this goes on.
    await Promise.resolve();
    const gathered = keys;
    keys = [];
    results = undefined;
    return work(gathered);
  };

  return async (key) => {
    const at = keys.push(key) - 1;
    results ??= begin();
    return (await results)[at] as V;
  };
}
