import { createDeferred, createLimiter, type Limiter } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Verdict } from './library.ts';

/**
 * Blocks of one sender whose hashes are looked at side by side: one is looked at while the next crosses to the worker.
 * No more, as each may turn out bad, however many have arrived.
 */
const MAX_UNDER_INSPECTION = 2;

/** Looks at what senders send, few at a time of each; what else has come from one that is banned is thrown away unseen. */
export interface Inspection {
  /**
   * Hands a block over to be verified and stored when its turn comes. `onCorrupt` is called before the sender's next block
   * has its turn; `banned`: its sender was found out before this one had its own.
   */
  look(sender: NodeId, block: Inspected): Promise<Verdict | 'banned'>;
}

export interface Inspected {
  /** As `Holding.putBlock`. */
  readonly put: (onVerified: () => void) => Promise<Verdict>;
  readonly onVerified: () => void;
  readonly onCorrupt: () => void;
}

interface Desk {
  readonly limiter: Limiter;
  waiting: number;
}

export function createInspection(isBanned: (node: NodeId) => boolean): Inspection {
  /** By node and not by link: who links up anew is the same sender. */
  const desks = new Map<NodeId, Desk>();

  /** Resolves when the block is known to be right or not; what is in it, when the block is stored. */
  const begin = async (
    sender: NodeId,
    { put, onVerified, onCorrupt }: Inspected,
  ): Promise<{ readonly stored: Promise<Verdict> } | undefined> => {
    if (isBanned(sender)) return undefined;
    const verified = createDeferred<'verified'>();
    const stored = put(() => {
      verified.resolve('verified');
      onVerified();
    });
    const first = await Promise.race([verified.promise, stored]);
    if (first === 'corrupt') onCorrupt();
    return { stored };
  };

  return {
    async look(sender, block) {
      const desk = desks.get(sender) ?? { limiter: createLimiter(MAX_UNDER_INSPECTION), waiting: 0 };
      desks.set(sender, desk);
      desk.waiting += 1;
      try {
        const outcome = await desk.limiter.run(() => begin(sender, block));
        return outcome ? await outcome.stored : 'banned';
      } finally {
        desk.waiting -= 1;
        if (desk.waiting === 0) desks.delete(sender);
      }
    },
  };
}
