import type { Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { createBudget } from '../budget.ts';

/** Of what we send to a peer that deals fairly, so much is sent to one that takes and gives nothing. */
const RIDER_SHARE = 0.15;
/** Whom nothing was sent to for so long is not being served any more. */
const ACTIVE_MS = 20_000;
/** A peer gets a part so often, whoever is before it: it must not look as if we had stalled. */
const MAX_WAIT_MS = 4_000;
/** What a free rider may save up. */
const MAX_RIDER_BYTES = 128 * 1024;

/**
 * Says when the next part goes out, and to whom, under the user's limit: a block that is nearly through before one that
 * has only begun, so that peers have whole blocks to pass on early, and block by block in turns.
 */
export interface Pacer {
  /** Bytes per second for all peers together; undefined: none. */
  setLimit(bytesPerSecond: number | undefined): void;
  /** Resolves when the part may be sent; for each peer one at a time. Rejects with `signal.reason`. */
  take(part: PacedPart, signal: AbortSignal): Promise<void>;
  /** For what is sent without waiting; those who wait make up for it. */
  charge(bytes: number): void;
  forget(peer: NodeId): void;
}

export interface PacedPart {
  readonly peer: NodeId;
  readonly bytes: number;
  /** Bytes of its block that are not sent, with these. */
  readonly left: number;
}

interface Waiting extends PacedPart {
  readonly since: number;
  readonly resolve: () => void;
}

/** `isRider`: the peer takes and gives nothing. */
export function createPacer(clock: Clock, isRider: (peer: NodeId) => boolean): Pacer {
  const budget = createBudget(clock);
  /** In the order in which they came. */
  const queue: Waiting[] = [];
  /** When something was last sent to those that deal fairly. */
  const servedAt = new Map<NodeId, number>();
  /** What riders may be sent, by what the others were sent. */
  const credit = new Map<NodeId, number>();
  let cancelTimer: (() => void) | undefined;

  const fairPeers = (): number => {
    const since = clock.now() - ACTIVE_MS;
    for (const [peer, at] of servedAt) if (at < since) servedAt.delete(peer);
    const waiting = queue.filter(({ peer }) => !isRider(peer) && !servedAt.has(peer));
    return servedAt.size + waiting.length;
  };

  const mayGo = ({ peer, bytes }: PacedPart): boolean =>
    !isRider(peer) || fairPeers() === 0 || (credit.get(peer) ?? 0) >= bytes;

  const onSent = ({ peer, bytes }: PacedPart): void => {
    budget.spend(bytes);
    if (isRider(peer)) {
      credit.set(peer, Math.max(0, (credit.get(peer) ?? 0) - bytes));
      return;
    }
    servedAt.set(peer, clock.now());
    const share = (RIDER_SHARE * bytes) / fairPeers();
    for (const waiting of queue) {
      if (isRider(waiting.peer))
        credit.set(waiting.peer, Math.min(MAX_RIDER_BYTES, (credit.get(waiting.peer) ?? 0) + share));
    }
  };

  const nextOf = (): Waiting | undefined => {
    let next: Waiting | undefined;
    for (const waiting of queue) {
      if (!mayGo(waiting)) continue;
      if (clock.now() - waiting.since >= MAX_WAIT_MS) return waiting;
      if (!next || waiting.left < next.left) next = waiting;
    }
    return next;
  };

  const turn = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    for (;;) {
      const next = nextOf();
      if (!next) {
        // A rider that waits for others to be served is looked at again when they have left off.
        if (queue.length > 0) cancelTimer = clock.after(ACTIVE_MS, turn);
        return;
      }
      const wait = budget.waitMs(next.bytes);
      if (wait > 0) {
        cancelTimer = clock.after(wait, turn);
        return;
      }
      queue.splice(queue.indexOf(next), 1);
      onSent(next);
      next.resolve();
    }
  };

  return {
    setLimit(bytesPerSecond) {
      budget.setRate(bytesPerSecond);
      turn();
    },
    async take(part, signal) {
      signal.throwIfAborted();
      // As nearly always: nobody waits, and nothing holds it back.
      if (queue.length === 0 && mayGo(part) && budget.waitMs(part.bytes) <= 0) {
        onSent(part);
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          const at = queue.indexOf(waiting);
          if (at !== -1) queue.splice(at, 1);
          reject(signal.reason as Error);
        };
        const waiting: Waiting = {
          ...part,
          since: clock.now(),
          resolve() {
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        queue.push(waiting);
        // The timer may be that of a rider, who waits far longer than this part has to.
        turn();
      });
    },
    charge: (bytes) => budget.spend(bytes),
    forget(peer) {
      servedAt.delete(peer);
      credit.delete(peer);
    },
  };
}
