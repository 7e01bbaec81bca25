/**
 * `work` for one key at a time, where those that are asked for at once are handed over together: for what costs much the
 * same for one or for many. `work` answers in the order of the keys. Where it rejects for several of them each is tried by
 * itself, as one alone may be at fault.
 */
export function gather<K, V>(work: (keys: readonly K[]) => Promise<readonly V[]>): (key: K) => Promise<V> {
  let keys: K[] = [];
  let results: Promise<readonly (V | Promise<V>)[]> | undefined;

  const alone = async (key: K): Promise<V> => (await work([key]))[0] as V;

  const begin = async (): Promise<readonly (V | Promise<V>)[]> => {
    // Whatever else is asked for at once comes before this goes on.
    await Promise.resolve();
    const gathered = keys;
    keys = [];
    results = undefined;
    try {
      return await work(gathered);
    } catch (cause) {
      if (gathered.length === 1) throw cause;
      return gathered.map((key) => alone(key));
    }
  };

  return async (key) => {
    const at = keys.push(key) - 1;
    results ??= begin();
    return (await results)[at] as V | Promise<V>;
  };
}
