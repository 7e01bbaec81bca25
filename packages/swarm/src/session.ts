import { abortable, errorText, shuffled, sleep, type Clock, type Log, type Random } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { HashRange } from '@tabswarm/content';
import { createBlockFetch, type BlockFetch } from './block-fetch.ts';
import type { FetchEvent } from './events.ts';
import { createHashFetch, type HashFetch } from './hash-fetch.ts';
import type { Inflow } from './inflow.ts';
import type { Inspection } from './inspection.ts';
import type { Holding, Verdict } from './library.ts';
import { MAX_INFO_BYTES } from '@tabswarm/protocol/swarm';
import type { Port, Question, RemoteHolding } from './port.ts';
import { createRecruiter } from './recruiter.ts';
import type { SourceView } from './source.ts';
import type { Window } from './urges.ts';

/** Peers of one share altogether, those included that joined by themselves. */
const MAX_PORTS = 64;
/** With nobody left to ask, the sources are asked again after this, unless a new one joins before. */
const ASK_AGAIN_MS = 2_000;
const HASH_BYTES = 32;
/** Uncle hashes of a proof; 32 levels are far more than the largest file has. */
const MAX_PROOF_BYTES = 32 * HASH_BYTES;

export interface SessionCollaborators {
  readonly holding: Holding;
  /** What is being read of the share now. */
  readonly windows: () => Iterable<Window>;
  /** Links to a node and joins the share there; rejects with an UnreachableError or a NotHoldingError. */
  readonly reach: (node: NodeId, signal: AbortSignal) => Promise<Port>;
  /** Nodes that others who take part have told of; see `Exchange`. */
  readonly candidates: (signal: AbortSignal) => AsyncIterable<NodeId>;
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

  /** Sources that hold something we lack. Those who only fetch as we do take no place from those who have it. */
  const countUseful = (): number => {
    const own = holding.have();
    const known = holding.layout() !== undefined;
    const isUseful = (port: Port): boolean => {
      const theirs = holdingOf(port);
      if (!known) return theirs?.informed === true;
      return theirs?.have.some((bits, at) => (bits & ~(own[at] ?? 0)) !== 0) === true;
    };
    return [...ports.values()].filter((port) => isUseful(port)).length;
  };

  const recruiter = createRecruiter({
    reach,
    banned,
    isJoined: (node) => ports.has(node),
    countUseful,
    change,
    changed,
    add,
    emit,
    clock,
    log,
  });

  /** Asks one source after the other until one gives what `put` accepts. */
  const askAny = async (
    question: Question,
    max: number,
    put: (bytes: ArrayBuffer) => Promise<Verdict>,
    what: 'info' | 'hashes',
    signal: AbortSignal,
  ): Promise<void> => {
    for (;;) {
      const again = new AbortController();
      const more = Promise.race([change(), sleep(clock, ASK_AGAIN_MS, { signal: again.signal })]);
      more.catch(() => undefined);
      for (const port of shuffled(random, ports.values())) {
        if (holdingOf(port)?.informed !== true || banned(port.remote)) continue;
        let bytes: ArrayBuffer;
        try {
          bytes = await port.ask(question, { expect: { max }, signal });
        } catch (cause) {
          if (signal.aborted) throw cause;
          log.info('asking the next source', { peer: port.remote, cause: errorText(cause) });
          continue;
        }
        if (banned(port.remote)) continue;
        if ((await put(bytes)) === 'kept') {
          again.abort();
          return;
        }
        onCorrupt(port, what);
      }
      await abortable(more, signal);
      again.abort();
    }
  };

  const fetchInfo = async (signal: AbortSignal): Promise<void> => {
    if (holding.layout()) return;
    const put = (bytes: ArrayBuffer): Promise<Verdict> => holding.putInfo(bytes);
    await askAny({ type: 'askInfo', root: holding.root }, MAX_INFO_BYTES, put, 'info', signal);
  };

  const askHashes = (range: HashRange, signal: AbortSignal): Promise<void> => {
    const put = (bytes: ArrayBuffer): Promise<Verdict> => holding.putHashes(range, bytes);
    const max = range.count * HASH_BYTES + MAX_PROOF_BYTES;
    return askAny({ type: 'askHashes', root: holding.root, ...range }, max, put, 'hashes', signal);
  };

  const fetchAll = async (signal: AbortSignal): Promise<void> => {
    await fetchInfo(signal);
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
      recruiter.start({ signal: joined });
      recruiter.recruit(holders, { oneByOne: false, signal: joined }).catch(onFailure);
      // Whoever knows the share can name as many as it likes.
      const candidates = collaborators.candidates(joined);
      recruiter.recruit(candidates, { oneByOne: true, signal: joined }).catch(onFailure);
      try {
        await fetchAll(joined);
      } finally {
        over.abort();
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
