/** Locks as a browser's lock manager has them: one holder each, the others in line unless they would not wait. */
export function createLocks(): LockManager {
  type Work = (lock: Lock | null) => Promise<unknown>;
  const held = new Map<string, Promise<unknown>>();
  const manager = {
    async request(name: string, ...rest: [Work] | [LockOptions, Work]): Promise<unknown> {
      const [options, work] = rest.length === 1 ? [{}, rest[0]] : rest;
      if (options.ifAvailable === true && held.has(name)) return work(null);
      while (held.has(name)) await held.get(name)?.catch(() => undefined);
      const done = work({ name, mode: 'exclusive' }).finally(() => held.delete(name));
      held.set(name, done);
      return done;
    },
  };
  return manager as unknown as LockManager;
}
