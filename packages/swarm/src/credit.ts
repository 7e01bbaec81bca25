import { abortable, createDeferred } from '@tabswarm/base';

/** How much more of blocks the other side wants: it has a limit for what it receives, and shares it out by this. */
export interface Credit {
  /** It said so many bytes more; or, where it is not `limited`, that any number will do. */
  set(said: { readonly bytes: number; readonly limited: boolean }): void;
  /** Resolves when so many bytes may be sent, which are then used up; one may wait at a time. Rejects with `signal.reason`, or as `closed` does. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

export function createCredit(closed: AbortSignal): Credit {
  let left = Infinity;
  let more = createDeferred<void>();

  return {
    set({ bytes, limited }) {
      if (!limited) left = Infinity;
      else left = left === Infinity ? bytes : left + bytes;
      more.resolve();
      more = createDeferred();
    },
    async take(bytes, signal) {
      while (left < bytes) await abortable(more.promise, AbortSignal.any([signal, closed]));
      left -= bytes;
    },
  };
}
