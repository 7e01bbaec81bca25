import {
  abortable,
  createDeferred,
  createTokenBucket,
  errorText,
  every,
  sleep,
  type Clock,
  type Log,
  type TokenBucket,
} from '@tabswarm/base';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { Identity } from '@tabswarm/protocol/identity';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { MAX_STATEMENTS } from '@tabswarm/protocol/swarm';
import {
  openStatement,
  sealStatement,
  STATEMENT_LIFETIME_MS,
  statedBy,
  type Statement,
} from '@tabswarm/protocol/taking-part';
import type { Port } from './port.ts';

/** Those who take part are told of new ones so often. */
const TELL_MS = 5_000;
/** Statements that are kept of one share. */
const MAX_KNOWN = 128;
/** A node that could not be used, or is linked no more, is looked for again after this. */
const AGAIN_MS = 60_000;
const STATEMENTS_PER_SECOND = MAX_STATEMENTS / 60;

/**
 * Those who take part in a share tell one another of those whom they are linked to for it. What is told is signed by the
 * node that it is about, and checked before anybody is dialed; so a fetch goes on finding sources where the overlay is gone.
 */
export interface Exchange {
  start(options: { readonly signal: AbortSignal }): void;
  /** The port takes part in the share, as we do: it is told that we do. */
  onJoined(port: Port, root: Root): void;
  onPeers(port: Port, root: Root, statements: readonly Uint8Array<ArrayBuffer>[]): void;
  /** Nodes that say that they take part, as they become known, and now and then again. */
  candidates(root: Root, signal: AbortSignal): AsyncIterable<NodeId>;
  /** It is not there, or takes no part any more: before it says so anew, nobody is told of it. */
  onFailed(root: Root, node: NodeId): void;
  forget(root: Root): void;
}

export interface ExchangeCollaborators {
  readonly identity: Identity;
  readonly ports: ReadonlyMap<NodeId, Port>;
  readonly clock: Clock;
  readonly log: Log;
}

interface Share {
  own: Promise<Statement> | undefined;
  readonly known: Map<NodeId, Statement>;
  /** Statements that did not hold what they said, by when they expire. */
  readonly failed: Map<NodeId, number>;
  news: ReturnType<typeof createDeferred<void>>;
}

interface Neighbour {
  /** What it was told: by share and node, when that expires. */
  readonly told: Map<Root, Map<NodeId, number>>;
  /** What it may still be told, and what is still listened to. */
  readonly out: TokenBucket;
  readonly in: TokenBucket;
  forges: boolean;
}

export function createExchange({ identity, ports, clock, log }: ExchangeCollaborators): Exchange {
  const shares = new Map<Root, Share>();
  const neighbours = new WeakMap<Port, Neighbour>();

  const shareOf = (root: Root): Share => {
    const share = shares.get(root) ?? {
      own: undefined,
      known: new Map(),
      failed: new Map(),
      news: createDeferred<void>(),
    };
    shares.set(root, share);
    return share;
  };
  const neighbourOf = (port: Port): Neighbour => {
    const neighbour = neighbours.get(port) ?? {
      told: new Map(),
      out: createTokenBucket(clock, STATEMENTS_PER_SECOND, MAX_STATEMENTS),
      in: createTokenBucket(clock, STATEMENTS_PER_SECOND, MAX_STATEMENTS),
      forges: false,
    };
    neighbours.set(port, neighbour);
    return neighbour;
  };

  /** Made anew when half of its time is over, so that there is always one that counts. */
  const ownOf = async (root: Root): Promise<Statement> => {
    const share = shareOf(root);
    const first = (share.own ??= sealStatement(identity, root, clock.now()));
    const statement = await first;
    if (statement.expires - clock.now() > STATEMENT_LIFETIME_MS / 2) return statement;
    // Somebody else may have seen the same meanwhile.
    if (share.own === first) share.own = sealStatement(identity, root, clock.now());
    return share.own;
  };

  /** Those that we are linked to for the share: others may be gone, and whoever hears of them would look for them. */
  const toTell = (root: Root): Statement[] =>
    [...(shares.get(root)?.known.values() ?? [])].filter(({ node, expires }) => {
      const port = ports.get(node);
      return expires > clock.now() && port !== undefined && isShared(port, root);
    });

  const tell = async (port: Port, root: Root): Promise<void> => {
    const own = await ownOf(root);
    if (!isShared(port, root)) return;
    const { told, out } = neighbourOf(port);
    const toldOf = told.get(root) ?? new Map<NodeId, number>();
    told.set(root, toldOf);
    const fresh = [own, ...toTell(root)].filter(
      ({ node, expires }) => node !== port.remote && toldOf.get(node) !== expires,
    );
    const statements = fresh.filter(() => out.take());
    for (const { node, expires } of statements) toldOf.set(node, expires);
    if (statements.length > 0)
      port.tell({ type: 'peers', root, statements: statements.map(({ bytes }) => bytes) });
  };

  const tellSoon = (port: Port, root: Root): void => {
    tell(port, root).catch((cause: unknown) => {
      log.warn('could not say who takes part', { cause: errorText(cause) });
    });
  };

  const tellAll = (): void => {
    for (const port of ports.values()) {
      for (const root of port.joined) if (isShared(port, root)) tellSoon(port, root);
    }
  };

  const keep = (share: Share, statement: Statement): void => {
    const { known } = share;
    known.delete(statement.node);
    for (const { node, expires } of known.values()) {
      if (expires <= clock.now() || known.size >= MAX_KNOWN) known.delete(node);
    }
    known.set(statement.node, statement);
    share.news.resolve();
    share.news = createDeferred<void>();
  };

  const hear = async (port: Port, root: Root, raw: Uint8Array<ArrayBuffer>): Promise<void> => {
    const node = await statedBy(raw);
    if (node === identity.id) return;
    const statement = await openStatement(raw, root, clock.now());
    const share = shares.get(root);
    // Removed here while the signature was checked.
    if (!share || !isShared(port, root)) return;
    if (statement.expires <= (share.known.get(node)?.expires ?? 0)) return;
    if (statement.expires > (share.failed.get(node) ?? 0)) keep(share, statement);
  };

  const hearAll = async (
    port: Port,
    root: Root,
    statements: readonly Uint8Array<ArrayBuffer>[],
  ): Promise<void> => {
    const neighbour = neighbourOf(port);
    for (const raw of statements) {
      if (neighbour.forges || !neighbour.in.take()) return;
      try {
        await hear(port, root, raw);
      } catch (cause) {
        if (!(cause instanceof ProtocolError)) throw cause;
        log.warn('refused a statement', { peer: port.remote, code: cause.code });
        neighbour.forges = cause.code === 'forged';
      }
    }
  };

  return {
    start({ signal }) {
      every(clock, () => TELL_MS, tellAll, { signal });
    },
    onJoined(port, root) {
      shareOf(root);
      if (isShared(port, root)) tellSoon(port, root);
    },
    onPeers(port, root, statements) {
      if (!isShared(port, root)) return;
      shareOf(root);
      hearAll(port, root, statements).catch((cause: unknown) => {
        log.warn('could not hear who takes part', { cause: errorText(cause) });
      });
    },
    async *candidates(root, signal) {
      const offered = new Map<NodeId, number>();
      while (!signal.aborted) {
        const share = shareOf(root);
        const { promise } = share.news;
        for (const { node, expires } of [...share.known.values()]) {
          const soon = clock.now() - (offered.get(node) ?? 0) < AGAIN_MS;
          if (soon || expires <= clock.now() || !share.known.has(node)) continue;
          offered.set(node, clock.now());
          yield node;
        }
        const over = new AbortController();
        const again = sleep(clock, AGAIN_MS, { signal: AbortSignal.any([signal, over.signal]) });
        again.catch(() => undefined);
        await abortable(Promise.race([promise, again]), signal);
        over.abort();
      }
    },
    onFailed(root, node) {
      const share = shares.get(root);
      const statement = share?.known.get(node);
      if (!share || !statement) return;
      share.known.delete(node);
      for (const [other, expires] of share.failed) if (expires <= clock.now()) share.failed.delete(other);
      share.failed.set(node, statement.expires);
    },
    forget: (root) => void shares.delete(root),
  };
}

/** Both take part: to others the root is not told. */
function isShared(port: Port, root: Root): boolean {
  return port.joined.has(root) && port.holdings.has(root) && !port.closed.aborted;
}
