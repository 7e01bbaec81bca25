import { randomInt, type Clock, type Random } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { MAX_REMEMBERED, REMEMBERED_MS, REMEMBER_AFTER_MS } from '../limits.ts';

/**
 * Nodes whose links were lost without a goodbye. They may have died; or the network has come apart, and then they are
 * how its parts find one another again, long after either part has forgotten all contacts in the other.
 */
export interface Remembered {
  /** A link was lost that had been open since then, in milliseconds since the Unix epoch. */
  lost(node: NodeId, openedAt: number): void;
  /** It is linked again, or has said goodbye. */
  forget(node: NodeId): void;
  has(node: NodeId): boolean;
  /** One of them. */
  any(): NodeId | undefined;
}

export function createRemembered({ clock, random }: { clock: Clock; random: Random }): Remembered {
  /** When each was lost. */
  const nodes = new Map<NodeId, number>();

  const sweep = (): void => {
    for (const [node, since] of nodes) if (since <= clock.now() - REMEMBERED_MS) nodes.delete(node);
  };
  const any = (): NodeId | undefined => [...nodes.keys()][randomInt(random, nodes.size)];

  return {
    lost(node, openedAt) {
      // Whoever was here for a while is the likelier to be there still (Saroiu et al., 2002).
      if (openedAt > clock.now() - REMEMBER_AFTER_MS) return;
      sweep();
      nodes.set(node, clock.now());
      // Any of them makes room: a great loss at one moment must not push out what was lost before, nor the reverse.
      const out = nodes.size > MAX_REMEMBERED ? any() : undefined;
      if (out !== undefined) nodes.delete(out);
    },
    forget: (node) => void nodes.delete(node),
    has: (node) => nodes.has(node),
    any() {
      sweep();
      return any();
    },
  };
}
