import { errorText, type Clock, type Log } from '@tabswarm/base';
import { NoNetworkError, type Dht } from '@tabswarm/dht';
import type { Transport } from '@tabswarm/net';
import type { NodeId, Root } from '@tabswarm/protocol/ids';

/** Whoever pasted the link fetches by then, or does not. */
const KEPT_MS = 5_000;
/** Holders that are linked to before anybody has asked for a block. */
const MAX_DIALS = 4;

/** Finds the nodes that are said to hold a share, other than this one. */
export interface Holders {
  /** With no network there are none, which is no error. What `lookAhead` has begun is taken up, once. */
  find(root: Root, signal: AbortSignal): AsyncIterable<NodeId>;
  /**
   * Looks for them, and links to the first, while a share that was just pasted is being listed: writing that down and taking
   * on the duty of fetching it take as long as finding it does.
   */
  lookAhead(root: Root): void;
}

export interface HoldersCollaborators {
  readonly dht: Pick<Dht, 'self' | 'findProviders'>;
  readonly transport: Pick<Transport, 'dial'>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Begun {
  readonly found: NodeId[];
  readonly over: AbortController;
  ended: boolean;
  failure?: { readonly cause: unknown };
  wake: () => void;
}

export function createHolders({ dht, transport, clock, log }: HoldersCollaborators): Holders {
  const begun = new Map<Root, Begun>();

  async function* findNow(root: Root, signal: AbortSignal): AsyncIterable<NodeId> {
    try {
      for await (const node of dht.findProviders(root, { signal })) if (node !== dht.self) yield node;
    } catch (cause) {
      if (!(cause instanceof NoNetworkError)) throw cause;
    }
  }

  const look = async (root: Root, search: Begun): Promise<void> => {
    const { found, over } = search;
    try {
      for await (const node of findNow(root, over.signal)) {
        found.push(node);
        search.wake();
        if (found.length > MAX_DIALS) continue;
        transport.dial(node, { signal: over.signal }).catch((cause: unknown) => {
          log.debug('no head start', { peer: node, cause: errorText(cause) });
        });
      }
    } catch (cause) {
      search.failure = { cause };
    } finally {
      search.ended = true;
      search.wake();
    }
  };

  return {
    lookAhead(root) {
      if (begun.has(root)) return;
      const search: Begun = {
        found: [],
        over: new AbortController(),
        ended: false,
        wake: () => undefined,
      };
      begun.set(root, search);
      clock.after(KEPT_MS, () => {
        // Nobody has taken it up.
        if (begun.get(root) !== search) return;
        begun.delete(root);
        search.over.abort();
      });
      void look(root, search);
    },
    async *find(root, signal) {
      const search = begun.get(root);
      if (!search) {
        yield* findNow(root, signal);
        return;
      }
      begun.delete(root);
      const stop = (): void => search.over.abort(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      try {
        for (let at = 0; ; at += 1) {
          while (at >= search.found.length && !search.ended)
            await new Promise<void>((resolve) => (search.wake = resolve));
          const node = search.found[at];
          if (node === undefined) break;
          yield node;
        }
        if (search.failure) throw search.failure.cause;
      } finally {
        signal.removeEventListener('abort', stop);
        if (!search.ended) search.over.abort();
      }
    },
  };
}
