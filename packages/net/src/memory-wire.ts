import type { Clock } from '@tabswarm/base';

/** Bytes that are handed over wait no longer than this for the wire: what a send buffer holds. */
const BUFFER_MS = 100;

/** One node's line to the network in the in-memory network: so many bytes a second, whoever they go to. */
export interface Wire {
  /**
   * Waits for room in the send buffer, first come, first served, and resolves to the time at which the last of the bytes
   * has left. Rejects with `signal.reason`; then nothing was sent.
   */
  take(bytes: number, signal: AbortSignal): Promise<number>;
}

interface Waiting {
  readonly bytes: number;
  readonly resolve: (sentAt: number) => void;
}

export function createWire(clock: Clock, bytesPerSecond: number): Wire {
  const queue: Waiting[] = [];
  let freeAt = 0;
  let turning = false;

  const turn = (): void => {
    turning = false;
    for (let next = queue[0]; next; next = queue[0]) {
      const wait = freeAt - BUFFER_MS - clock.now();
      if (wait > 0) {
        turning = true;
        clock.after(wait, turn);
        return;
      }
      queue.shift();
      freeAt = Math.max(freeAt, clock.now()) + (next.bytes * 1_000) / bytesPerSecond;
      next.resolve(freeAt);
    }
  };

  return {
    take: (bytes, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => {
          const at = queue.indexOf(waiting);
          if (at === -1) return;
          queue.splice(at, 1);
          reject(signal.reason as Error);
        };
        const waiting: Waiting = {
          bytes,
          resolve(sentAt) {
            signal.removeEventListener('abort', onAbort);
            resolve(sentAt);
          },
        };
        queue.push(waiting);
        signal.addEventListener('abort', onAbort, { once: true });
        if (!turning) turn();
      }),
  };
}
