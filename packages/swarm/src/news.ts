import { every, type Clock } from '@tabswarm/base';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { MAX_HAVE_ITEMS } from '@tabswarm/protocol/swarm';
import type { Port } from './port.ts';

/** New blocks are told of together, so often. */
const HAVE_INTERVAL_MS = 250;

/** Tells those who take part in a share of what has come to be here. */
export interface News {
  start(options: { readonly signal: AbortSignal }): void;
  /** Blocks of that share are here. */
  add(root: Root, indexes: readonly number[]): void;
  /** Its info dictionary is here. */
  onInformed(root: Root): void;
  forget(root: Root): void;
}

export interface NewsCollaborators {
  readonly ports: ReadonlyMap<NodeId, Port>;
  readonly clock: Clock;
}

export function createNews({ ports, clock }: NewsCollaborators): News {
  const untold = new Map<Root, number[]>();

  const joinedTo = (root: Root): Port[] => [...ports.values()].filter(({ joined }) => joined.has(root));

  const tell = (): void => {
    for (const [root, indexes] of untold) {
      for (const port of joinedTo(root)) {
        for (let at = 0; at < indexes.length; at += MAX_HAVE_ITEMS) {
          port.tell({ type: 'have', root, indexes: indexes.slice(at, at + MAX_HAVE_ITEMS) });
        }
      }
    }
    untold.clear();
  };

  return {
    start({ signal }) {
      every(clock, () => HAVE_INTERVAL_MS, tell, { signal });
    },
    add(root, indexes) {
      const others = untold.get(root);
      if (others) others.push(...indexes);
      else untold.set(root, [...indexes]);
    },
    onInformed(root) {
      for (const port of joinedTo(root)) port.tell({ type: 'informed', root });
    },
    forget: (root) => void untold.delete(root),
  };
}
