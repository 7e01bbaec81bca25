import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What happens because of something: right there, later, and at other nodes that hear of it. Promises carry it on by
 * themselves; the simulation's clock carries it from whoever sets a timer to what the timer does, and so to whoever
 * receives a message.
 */
export interface Causes {
  /** All that follows from this work has it for a cause. */
  begin<T>(work: () => T): T;
  /** Work that would be done whatever had led there. */
  end<T>(work: () => T): T;
  /** Whether what happens now has such a cause. */
  isCaused(): boolean;
  /** The same work, with the causes of now whenever it is done. */
  carry(work: () => void): () => void;
}

export function createCauses(): Causes {
  const storage = new AsyncLocalStorage<true>();
  const begin = <T>(work: () => T): T => storage.run(true, work);
  return {
    begin,
    end: (work) => storage.exit(work),
    isCaused: () => storage.getStore() === true,
    carry: (work) => (storage.getStore() ? () => begin(work) : work),
  };
}
