import type { Clock, Log } from '@tabswarm/base';
import type { Link } from '@tabswarm/net';
import { dhtMessage, MAX_LINKS, type DhtMessage, type DhtMessageOf } from '@tabswarm/protocol/dht';
import type { NodeId } from '@tabswarm/protocol/ids';
import {
  HOP_TIMEOUT_RTTS,
  MAX_HOP_TIMEOUT_MS,
  MAX_UNSENT_PER_LINK,
  MIN_HOP_TIMEOUT_MS,
  SUSPECT_MS,
  UNKNOWN_HOP_TIMEOUT_MS,
} from '../limits.ts';
import type { Allowance } from './allowance.ts';

export type Reply = DhtMessageOf<'reply'>;
export type Request = DhtMessageOf<'request'>;

/**
 * - `answered`: the reply came
 * - `silent`: not even a word that the request was forwarded
 * - `late`: forwarded, but no reply within the budget
 * - `closed`: the link ended
 */
export type Exchange =
  | { readonly outcome: 'answered'; readonly reply: Reply }
  | { readonly outcome: 'silent' | 'late' | 'closed' };

/** The other end of one open link, as the overlay sees it. */
export interface Neighbour {
  readonly id: NodeId;
  readonly link: Link;
  /** Whom it said that it is linked to. */
  readonly peers: ReadonlySet<NodeId>;
  /** Requests of this neighbour that are under way through us. */
  forwarding: number;
  readonly allowance: Allowance;
  addPeers(peers: Iterable<NodeId>): void;
  /** It let a request time out a short while ago. */
  isSuspect(): boolean;
  /** A measured round trip in milliseconds, or a guess. */
  roundTripMs(): number;
  /** Sends when there is room. What cannot be sent is dropped: every protocol above lives with loss. */
  send(message: DhtMessage): void;
  /** Sends a request and waits for its reply. Rejects only with `signal.reason`. */
  ask(
    request: Omit<Request, 'type' | 'id'>,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Exchange>;
  /** Hands over what answers a request. */
  settle(message: DhtMessageOf<'forwarded'> | Reply): void;
  /** The link is over. */
  end(): void;
}

interface Pending {
  forwarded(): void;
  finish(exchange: Exchange): void;
}

/** Told peers that are kept: as many as a neighbour may have links, and as many again that came and went. */
const MAX_PEERS = 2 * MAX_LINKS;

export interface NeighbourParts {
  readonly allowance: Allowance;
  readonly clock: Clock;
  readonly log: Log;
}

export function createNeighbour(link: Link, { allowance, clock, log }: NeighbourParts): Neighbour {
  const peers = new Set<NodeId>();
  const pending = new Map<number, Pending>();
  const channel = link.channel('dht');
  let lastId = 0;
  let unsent = 0;
  let suspectUntil = 0;

  const hopTimeoutMs = (): number => {
    const { rttMs } = link.stats();
    if (rttMs === undefined) return UNKNOWN_HOP_TIMEOUT_MS;
    return Math.min(MAX_HOP_TIMEOUT_MS, Math.max(MIN_HOP_TIMEOUT_MS, HOP_TIMEOUT_RTTS * rttMs));
  };

  const send = (message: DhtMessage): void => {
    if (link.closed.aborted || unsent >= MAX_UNSENT_PER_LINK) return;
    unsent += 1;
    channel
      .send(dhtMessage.encode(message))
      .catch((cause: unknown) => log.debug('message not sent', { to: link.remote, cause: String(cause) }))
      .finally(() => {
        unsent -= 1;
      })
      .catch(() => undefined);
  };

  return {
    id: link.remote,
    link,
    peers,
    forwarding: 0,
    allowance,
    addPeers(more) {
      for (const peer of more) {
        if (peers.size >= MAX_PEERS) return;
        peers.add(peer);
      }
    },
    isSuspect: () => clock.now() < suspectUntil,
    roundTripMs: () => link.stats().rttMs ?? UNKNOWN_HOP_TIMEOUT_MS / HOP_TIMEOUT_RTTS,
    send,
    ask: (request, { signal } = {}) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        lastId = (lastId + 1) >>> 0;
        const id = lastId;
        const deadline = clock.now() + request.budget;
        const leave = (): void => {
          cancel();
          pending.delete(id);
          signal?.removeEventListener('abort', onAbort);
        };
        const finish = (exchange: Exchange): void => {
          leave();
          if (exchange.outcome === 'answered') suspectUntil = 0;
          else suspectUntil = clock.now() + SUSPECT_MS;
          resolve(exchange);
        };
        const onAbort = (): void => {
          leave();
          reject(signal?.reason);
        };
        let cancel = clock.after(Math.min(hopTimeoutMs(), request.budget), () =>
          finish({ outcome: 'silent' }),
        );
        signal?.addEventListener('abort', onAbort, { once: true });
        pending.set(id, {
          forwarded() {
            cancel();
            cancel = clock.after(deadline - clock.now(), () => finish({ outcome: 'late' }));
          },
          finish,
        });
        send({ type: 'request', id, ...request });
      }),
    settle(message) {
      // A late answer finds nothing: its request was given up.
      if (message.type === 'forwarded') pending.get(message.id)?.forwarded();
      else pending.get(message.id)?.finish({ outcome: 'answered', reply: message });
    },
    end() {
      for (const one of [...pending.values()]) one.finish({ outcome: 'closed' });
    },
  };
}
