import { abortable } from '@tabswarm/base';

/**
 * Work that one tab of a browser does for all of them, such as one download. It passes on to another tab when the one
 * that has it closes.
 */
export interface Duties {
  /**
   * Runs `work` once the duty is ours, which may be at once, later or never. Resolves with what it comes to; rejects
   * with `signal.reason` when that aborts while waiting.
   */
  hold(name: string, work: () => Promise<void>, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** For a store that no other tab shares. */
export const soleDuties: Duties = {
  hold: (_name, work, { signal }) => abortable(Promise.resolve().then(work), signal),
};

/** Duties by Web Locks, which the browser frees with the tab. */
export function createLockDuties(locks: LockManager): Duties {
  return {
    hold: (name, work, { signal }) => locks.request(`tabswarm ${name}`, { signal }, work),
  };
}
