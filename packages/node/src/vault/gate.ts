import { createDeferred, type Deferred } from '@tabswarm/base';

/** Why work is held up: somebody wants it so, or there is no room on the disk. */
export type HeldUp = 'asked' | 'no-room';

/** Where work is held up, and goes on from where it was. */
export interface Gate {
  readonly heldUp: HeldUp | undefined;
  /** Resolves when the way is free; rejects with the reason of the signal that the gate was made with. */
  pass(): Promise<void>;
  close(why: HeldUp): void;
  open(): void;
  /** Runs `work`; where there is no room for what it writes, again when the gate has been opened. */
  whenRoom<T>(work: () => Promise<T>): Promise<T>;
}

/** `onChange` is told when it opens or closes. Once the signal aborts, nobody waits any more, and nobody passes. */
export function createGate(onChange: () => void, { signal }: { readonly signal: AbortSignal }): Gate {
  let closed: { readonly why: HeldUp; readonly opened: Deferred<void> } | undefined;
  signal.addEventListener('abort', () => closed?.opened.reject(signal.reason), { once: true });

  const close = (why: HeldUp): void => {
    // Whoever wants it held up has said so first; that there is no room comes out again later.
    if (closed || signal.aborted) return;
    closed = { why, opened: createDeferred() };
    // Nobody may be waiting when it is given up.
    closed.opened.promise.catch(() => undefined);
    onChange();
  };
  const pass = async (): Promise<void> => {
    signal.throwIfAborted();
    while (closed) await closed.opened.promise;
  };

  return {
    get heldUp() {
      return closed?.why;
    },
    pass,
    close,
    open() {
      if (!closed || signal.aborted) return;
      closed.opened.resolve();
      closed = undefined;
      onChange();
    },
    async whenRoom(work) {
      for (;;) {
        await pass();
        try {
          return await work();
        } catch (cause) {
          if (!(cause instanceof Error && cause.name === 'QuotaExceededError')) throw cause;
          close('no-room');
        }
      }
    },
  };
}
