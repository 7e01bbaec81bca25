import { errorText, type Clock, type Log, type Random } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { HashRange } from '@tabswarm/content';
import { createAsker } from './asker.ts';
import { createEarlyInfo } from './early-info.ts';
import { createBlockFetch, type BlockFetch } from './block-fetch.ts';
import type { FetchEvent } from './events.ts';
import { createHashFetch, type HashFetch } from './hash-fetch.ts';
import type { Inflow } from './inflow.ts';
import type { Inspection } from './inspection.ts';
import type { Holding } from './library.ts';
import { MAX_INFO_BYTES } from '@tabswarm/protocol/swarm';
import type { Port, RemoteHolding } from './port.ts';
import type { JoinOptions } from './reach.ts';
import { createRecruiter } from './recruiter.ts';
import type { SourceView } from './source.ts';
import type { Window } from './urges.ts';
import { createUsefulness } from './usefulness.ts';

/** Peers of one share altogether, those included that joined by themselves. */
const MAX_PORTS = 64;
/** Who gives nothing makes room for another one so often, and is left alone for so long. */
const MAKE_ROOM_MS = 5_000;
const SPENT_MS = 5 * 60_000;
/** Who has no time for us may have some later, so it goes after those who have nothing to say, and not before this. */
const MAX_CHOKED_MS = 60_000;
const HASH_BYTES = 32;
/** Uncle hashes of a proof; 32 levels are far more than the largest file has. */
const MAX_PROOF_BYTES = 32 * HASH_BYTES;

export interface SessionCollaborators {
  readonly holding: Holding;
  /** What is being read of the share now. */
  readonly windows: () => Iterable<Window>;
  /** As `Reach.join`, for this share. */
  readonly reach: (node: NodeId, options: JoinOptions) => Promise<Port>;
  /** Nodes that others who take part have told of; see `Exchange`. */
  readonly candidates: (signal: AbortSignal) => AsyncIterable<NodeId>;
  /** Whether there is room for a link to it, if there is none yet. */
  readonly hasRoomFor: (node: NodeId) => boolean;
  /** The port is of no use for this share: the link may go. */
  readonly letGo: (port: Port) => void;
  readonly banned: (node: NodeId) => boolean;
  /** Has the node left out of all sessions, this one included, by `onBanned`. */
  readonly ban: (node: NodeId) => void;
  /** A block came from there and was right. */
  readonly onGiven: (by: NodeId) => void;
  readonly inspection: Inspection;
  readonly emit: (event: FetchEvent) => void;
  readonly inflow: Inflow;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Fetches one share from all who hold parts of it. */
export interface Session {
  /** Resolves when every block is here. Rejects where blocks cannot be stored, or with `signal.reason`. */
  run(holders: AsyncIterable<NodeId>, signal: AbortSignal): Promise<void>;
  /** A port joined the share, or said more of what it holds. */
  onJoined(port: Port): void;
  onHave(port: Port, indexes: readonly number[]): void;
  onUnchoked(port: Port): void;
  onLeft(port: Port): void;
  onBanned(node: NodeId): void;
  /** Blocks that are here now, by whatever way they came. */
  onKept(indexes: readonly number[]): void;
  /** What is wanted of the share, or read of it, has changed. */
  onWanted(): void;
  onRead(): void;
  sources(): readonly SourceView[];
}

export function createSession(collaborators: SessionCollaborators): Session {
  const { holding, windows, reach, banned, inspection, emit, inflow, clock, random, log } = collaborators;
  const ports = new Map<NodeId, Port>();
  const early = createEarlyInfo(holding.root);
  /** Who had to make room, until when. */
  const spent = new Map<NodeId, number>();
  let roomMadeAt = -Infinity;
  let blocks: BlockFetch | undefined;
  let hashes: HashFetch | undefined;
  let wake: (() => void)[] = [];

  /** Whoever waits for sources looks again. */
  const changed = (): void => {
    next = undefined;
    for (const resolve of wake.splice(0)) resolve();
  };
  let next: Promise<void> | undefined;
  /** The next change; all who wait for it wait for the same. */
  const change = (): Promise<void> => (next ??= new Promise((resolve) => wake.push(resolve)));

  const holdingOf = (port: Port): RemoteHolding | undefined => port.holdings.get(holding.root);

  const add = (port: Port): void => {
    if (ports.has(port.remote) || banned(port.remote) || port.closed.aborted) return;
    makeRoomFor(port.remote);
    if (ports.size >= MAX_PORTS) return;
    ports.set(port.remote, port);
    emit({ type: 'joined', peer: port.remote });
    blocks?.add(port);
    changed();
  };

  const remove = (port: Port): void => {
    if (ports.get(port.remote) !== port) return;
    ports.delete(port.remote);
    emit({ type: 'left', peer: port.remote });
    blocks?.remove(port);
    changed();
  };

  const onCorrupt = (port: Port, what: 'block' | 'info' | 'hashes', index?: number): void => {
    log.warn(`refused a corrupt ${what}`, { peer: port.remote, root: holding.root, index });
    emit({ type: 'banned', peer: port.remote, what });
    collaborators.ban(port.remote);
  };

  const usefulness = createUsefulness({ ports, onVain: changed, clock });

  /** Whether it says that it holds something we lack. */
  const isClaiming = (port: Port): boolean => {
    const own = holding.have();
    const theirs = holdingOf(port);
    if (holding.layout() === undefined) return theirs?.informed === true;
    return theirs?.have.some((bits, at) => (bits & ~(own[at] ?? 0)) !== 0) === true;
  };

  /** Those who only fetch as we do take no place from those who have it, nor do those who only say that they have it. */
  const count = (): { claiming: number; useful: number } => {
    const claiming = [...ports.values()].filter((port) => isClaiming(port));
    return { claiming: claiming.length, useful: claiming.filter((port) => !usefulness.isVain(port)).length };
  };

  /** Of those who give nothing that which was asked for longest; who only has no time for us is the last of them. */
  const leastUseful = (): Port | undefined =>
    [...ports.values()]
      .filter(
        (port) =>
          usefulness.isVain(port) &&
          isClaiming(port) &&
          (!port.choked() || usefulness.vainMs(port) >= MAX_CHOKED_MS),
      )
      .toSorted(
        (a, b) => Number(a.choked()) - Number(b.choked()) || usefulness.vainMs(b) - usefulness.vainMs(a),
      )[0];

  const makeRoomFor = (node: NodeId): void => {
    if (ports.size < MAX_PORTS && collaborators.hasRoomFor(node)) return;
    if (clock.now() - roomMadeAt < MAKE_ROOM_MS) return;
    const port = leastUseful();
    if (!port) return;
    roomMadeAt = clock.now();
    for (const [other, until] of spent) if (until <= clock.now()) spent.delete(other);
    spent.set(port.remote, clock.now() + SPENT_MS);
    log.info('left a source that gave nothing', { peer: port.remote, choked: port.choked() });
    remove(port);
    collaborators.letGo(port);
  };

  const join = async (node: NodeId, signal: AbortSignal): Promise<Port> => {
    const onTold = (port: Port): void => {
      if (banned(node)) return;
      early.ask(port);
      asked = port;
    };
    let asked: Port | undefined;
    try {
      return await reach(node, { signal, onTold });
    } finally {
      if (asked && holdingOf(asked)?.informed !== true) early.cancel(asked);
    }
  };

  const recruiter = createRecruiter({
    reach: join,
    banned,
    isJoined: (node) => ports.has(node),
    isSpent: (node) => (spent.get(node) ?? 0) > clock.now(),
    count,
    makeRoomFor,
    change,
    changed,
    add,
    emit,
    clock,
    log,
  });

  const asker = createAsker({
    ports,
    isAskable: (port) => holdingOf(port)?.informed === true && !banned(port.remote),
    usefulness,
    change,
    clock,
    random,
    log,
  });

  const fetchInfo = async (signal: AbortSignal): Promise<void> => {
    if (holding.layout()) return;
    const { root } = holding;
    await asker.ask(
      { type: 'askInfo', root },
      {
        max: MAX_INFO_BYTES,
        answer: early.answer,
        put: (bytes) => holding.putInfo(bytes),
        onCorrupt: (port) => onCorrupt(port, 'info'),
        signal,
      },
    );
  };

  const askHashes = (range: HashRange, signal: AbortSignal): Promise<void> =>
    asker.ask(
      { type: 'askHashes', root: holding.root, ...range },
      {
        max: range.count * HASH_BYTES + MAX_PROOF_BYTES,
        put: (bytes) => holding.putHashes(range, bytes),
        onCorrupt: (port) => onCorrupt(port, 'hashes'),
        signal,
      },
    );

  const fetchAll = async (signal: AbortSignal): Promise<void> => {
    await fetchInfo(signal);
    early.stop();
    emit({ type: 'informed' });
    hashes = createHashFetch({
      missing: holding.layout()?.missingHashes ?? [],
      priorities: () => holding.priorities(),
      windows,
      ask: askHashes,
      onKnown: () => blocks?.onRead(),
    });
    blocks = createBlockFetch({
      holding,
      windows,
      isKnown: hashes.isKnown,
      inflow,
      inspection,
      usefulness,
      clock,
      random,
      log,
      onGiven: (port) => collaborators.onGiven(port.remote),
      onCorrupt: (port, index) => onCorrupt(port, 'block', index),
    });
    for (const port of ports.values()) blocks.add(port);
    // Hashes alone never end it, except by failing.
    await Promise.race([blocks.run(signal), hashes.run(signal)]);
  };

  return {
    async run(holders, signal) {
      const over = new AbortController();
      const joined = AbortSignal.any([signal, over.signal]);
      const onFailure = (cause: unknown): void => {
        if (!joined.aborted) log.error('finding sources failed', { cause: errorText(cause) });
      };
      usefulness.start({ signal: joined });
      recruiter.start({ signal: joined });
      recruiter.recruit(holders, { oneByOne: false, signal: joined }).catch(onFailure);
      // Whoever knows the share can name as many as it likes.
      const candidates = collaborators.candidates(joined);
      recruiter.recruit(candidates, { oneByOne: true, signal: joined }).catch(onFailure);
      try {
        await fetchAll(joined);
      } finally {
        over.abort();
        early.stop();
        wake = [];
      }
    },
    onJoined: add,
    onHave(port, indexes) {
      blocks?.onHave(port, indexes);
      changed();
    },
    onUnchoked: (port) => blocks?.onUnchoked(port),
    onLeft: remove,
    onBanned(node) {
      const port = ports.get(node);
      if (port) remove(port);
    },
    onKept: (indexes) => blocks?.onKept(indexes),
    onWanted() {
      hashes?.onWanted();
      blocks?.onWanted();
    },
    onRead() {
      hashes?.onRead();
      blocks?.onRead();
    },
    sources: () => blocks?.sources() ?? [...ports.keys()].map((peer) => ({ peer, bytes: 0, rate: 0 })),
  };
}
