import { abortable, createDeferred } from '@tabswarm/base';

/** How much more of blocks the other side wants: it has a limit for what it receives, and shares it out by this. */
export interface Credit {
  /** It said so many bytes more; or, where it is not `limited`, that any number will do. */
  set(said: { readonly bytes: number; readonly limited: boolean }): void;
  /**
   * Resolves when so many bytes may be sent, which are then used up, to what gives them back: who takes them and does not
   * send them has to, as the other side counts what comes. One may wait at a time. Rejects with `signal.reason`, or as
   * `closed` does.
   */
  take(bytes: number, signal: AbortSignal): Promise<() => void>;
}

export function createCredit(closed: AbortSignal): Credit {
  let left = Infinity;
  let more = createDeferred<void>();
  /** Counts the times that a limit came or went: what was taken before is none of this credit. */
  let limits = 0;

  return {
    set({ bytes, limited }) {
      if (limited === (left === Infinity)) limits += 1;
      if (!limited) left = Infinity;
      else left = left === Infinity ? bytes : left + bytes;
      more.resolve();
      more = createDeferred();
    },
    async take(bytes, signal) {
      while (left < bytes) await abortable(more.promise, AbortSignal.any([signal, closed]));
      left -= bytes;
      const takenAt = limits;
      return () => {
        if (takenAt !== limits) return;
        left += bytes;
        more.resolve();
        more = createDeferred();
      };
    },
  };
}
