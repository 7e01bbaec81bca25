import { abortable, every, type Clock } from '@tabswarm/base';
import type { TabChannel } from '@tabswarm/store';

/**
 * Work that one tab of a browser does for all of them, such as one download. It passes on to another tab when the one
 * that has it closes, crashes or is frozen.
 */
export interface Duties {
  /**
   * Runs `work` once the duty is ours, which may be at once, later or never. Resolves with what it comes to; rejects
   * with `signal.reason` when that aborts while waiting. Where another tab takes the duty over, the signal that `work`
   * got aborts, whatever it then comes to does not count, and we wait for the duty again.
   */
  hold(
    name: string,
    work: (signal: AbortSignal) => Promise<void>,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

/** For a store that no other tab shares. */
export const soleDuties: Duties = {
  hold: (_name, work, { signal }) => abortable(Promise.resolve(signal).then(work), signal),
};

/** Whoever has duties says so as often. */
const BEAT_MS = 1_000;
/** Of a tab that has missed so many beats nothing is to be expected: it is frozen, or hangs. */
const MISSED_BEATS = 4;

export interface LockDutiesCollaborators {
  readonly locks: LockManager;
  /** Carries nothing else. */
  readonly tabs: TabChannel;
  readonly clock: Clock;
}

/**
 * Duties by Web Locks, which the browser frees with the tab. One that is frozen keeps its locks; it is missed by its
 * beats, and the duty is taken from it.
 */
export function createLockDuties({ locks, tabs, clock }: LockDutiesCollaborators): Duties {
  /** Beats missed of the duties that we wait for. */
  const missed = new Map<string, number>();

  tabs.onMessage((message) => {
    if (typeof message === 'string' && missed.has(message)) missed.set(message, 0);
  });

  /** Aborts when whoever has the duty is silent. Our own turns count and not the time: the machine may have slept. */
  const watch = (name: string, over: AbortSignal): AbortSignal => {
    const silent = new AbortController();
    missed.set(name, 0);
    const look = (): void => {
      const count = (missed.get(name) ?? 0) + 1;
      missed.set(name, count);
      if (count > MISSED_BEATS) silent.abort();
    };
    every(clock, () => BEAT_MS, look, { signal: AbortSignal.any([over, silent.signal]) });
    return silent.signal;
  };

  /** Answers whether the duty was taken from us or was silent while we waited; then it is to be asked for again. */
  const once = async (
    name: string,
    work: (signal: AbortSignal) => Promise<void>,
    { signal, steal }: { readonly signal: AbortSignal; readonly steal: boolean },
  ): Promise<'done' | 'silent' | 'taken'> => {
    const granted = new AbortController();
    const taken = new AbortController();
    const ended = new AbortController();
    const silent = steal ? undefined : watch(name, AbortSignal.any([signal, granted.signal]));
    const run = async (): Promise<void> => {
      granted.abort();
      missed.delete(name);
      tabs.post(name);
      every(
        clock,
        () => BEAT_MS,
        () => tabs.post(name),
        ended,
      );
      try {
        await work(AbortSignal.any([signal, taken.signal]));
      } catch (cause) {
        if (!taken.signal.aborted) throw cause;
      } finally {
        ended.abort();
      }
    };
    const options = silent ? { signal: AbortSignal.any([signal, silent]) } : { steal: true };
    try {
      await locks.request(`tabswarm ${name}`, options, run);
      return 'done';
    } catch (cause) {
      signal.throwIfAborted();
      if (silent?.aborted === true && !granted.signal.aborted) return 'silent';
      if (!granted.signal.aborted || ended.signal.aborted) throw cause;
      // The work itself has not ended: the lock was taken from under it.
      taken.abort(cause);
      return 'taken';
    } finally {
      granted.abort();
      missed.delete(name);
    }
  };

  return {
    async hold(name, work, { signal }) {
      let steal = false;
      for (;;) {
        signal.throwIfAborted();
        const outcome = await once(name, work, { signal, steal });
        if (outcome === 'done') return;
        steal = outcome === 'silent';
      }
    },
  };
}
