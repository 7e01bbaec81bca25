import type { Clock, Random } from '@tabswarm/base';
import { CLOSEST_COUNT, MAX_LOOKUP_MS, type DhtOperation } from '@tabswarm/protocol/dht';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { Id, NodeId, RecordKey } from '@tabswarm/protocol/ids';
import { closest, distanceShare } from '../distance.ts';
import {
  CROWD_REACH,
  MAX_CROWD,
  MAX_CROWDED_REQUESTS,
  MAX_LOOKUP_REQUESTS,
  PATH_BUDGET_MS,
} from '../limits.ts';
import { isCrowded, type RoutingTable } from '../routing-table/table.ts';
import type { Carried, Router } from '../rpc/router.ts';
import type { Tracer } from './trace.ts';

/** What a lookup came to. */
export interface LookupResult {
  /** The up to 8 nodes nearest to the key that answered, ourselves included, nearest first. */
  readonly nodes: readonly NodeId[];
  /** Those behind a crowd that has settled around the key, which keep its records as well; mostly none. */
  readonly behind: readonly NodeId[];
  /** Requests that left this tab. */
  readonly requests: number;
  /** The longest way that an answer came, in hops. */
  readonly hops: number;
  /** False where time or requests ran out before the nearest nodes had all answered. */
  readonly complete: boolean;
}

export interface LookupParts {
  readonly table: RoutingTable;
  readonly router: Router;
  readonly clock: Clock;
  readonly random: Random;
}

export interface LookupOptions {
  /** How many disjoint paths to begin with; also how many requests may be under way. */
  readonly paths: number;
  /** The neighbour that the only path begins with. */
  readonly by?: NodeId | undefined;
  /** Whether the nearest nodes are asked by name, or the paths alone will do. */
  readonly converge?: boolean;
  readonly signal: AbortSignal;
  /** Called for each answer, as it comes. */
  readonly onRecords?: (records: readonly Bytes[]) => void;
  /** Called with nodes that a neighbour's path told of. */
  readonly onNodes?: (nodes: readonly NodeId[], via: NodeId) => void;
  /** Where somebody watches. */
  readonly tracer?: Tracer | undefined;
}

export type LookupOperation = Extract<DhtOperation, { type: 'find-node' | 'find-value' }>;

export function findNodeOperation(key: Id): LookupOperation {
  return { type: 'find-node', key };
}

export function findValueOperation(key: RecordKey): LookupOperation {
  return { type: 'find-value', key };
}

interface Candidate {
  state: 'heard' | 'asked' | 'answered' | 'failed';
  /** Times that it was asked. */
  asked: number;
  /** Who named it. */
  readonly sources: Set<Source>;
}

/** One answer's author, or a path; how often a node that it named was there, and how often not. */
interface Source {
  right: number;
  wrong: number;
}

/** Nodes known by hearsay are asked until so many of them were not there: whoever invents one can invent a thousand. */
const MAX_HEARSAY = 6;
/** Times that a node is asked which is there for all we know. */
const MAX_ASKED = 2;

const OWN_LINKS: Source = { right: Infinity, wrong: 0 };

/** Whoever names nodes that do not exist more often than others, and at least so often, is believed no longer. */
const MAX_WRONG = 2;
const LOOKUP_NAME_BYTES = 8;

/**
 * Finds the nodes nearest to a key. First several paths with different first hops run greedily to the key; then every
 * node that is among the nearest heard of and has not answered is asked by name, until all of them have. It never ends
 * with the first answer: one node that lies about a key does not decide what is found.
 */
export async function runLookup(
  parts: LookupParts,
  operation: LookupOperation,
  options: LookupOptions,
): Promise<LookupResult> {
  const { signal } = options;
  signal.throwIfAborted();
  // One listener on the caller's signal, however many requests there are.
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await converge(parts, operation, { ...options, signal: controller.signal });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function converge(
  { table, router, clock, random }: LookupParts,
  operation: LookupOperation,
  { paths, by, converge: byName = true, signal, onRecords, onNodes, tracer }: LookupOptions,
): Promise<LookupResult> {
  const { key } = operation;
  const lookup = random.bytes(LOOKUP_NAME_BYTES);
  const deadline = clock.now() + MAX_LOOKUP_MS;
  const candidates = new Map<NodeId, Candidate>([
    [table.self, { state: 'answered', asked: 0, sources: new Set() }],
  ]);
  const running = new Set<Promise<void>>();
  let requests = 0;
  let hops = 0;
  /** Nodes that only one knew of and that were not there. */
  let hearsay = 0;
  const reach = table.expectedReach();

  const hear = (nodes: Iterable<NodeId>, source: Source): void => {
    for (const node of nodes) {
      const known = candidates.get(node);
      if (known) known.sources.add(source);
      else candidates.set(node, { state: 'heard', asked: 0, sources: new Set([source]) });
    }
  };

  const mark = (node: NodeId, state: Candidate['state']): void => {
    const candidate = candidates.get(node) ?? { state, asked: 0, sources: new Set() };
    candidates.set(node, candidate);
    const isOver = candidate.asked >= MAX_ASKED || table.has(node);
    if (state === 'failed' && !isOver && isConfirmed(candidate)) {
      // Somebody on the way there may be at fault, and another way free. It is asked again when all others have been.
      candidate.state = 'heard';
      return;
    }
    if (state === 'failed' && !isConfirmed(candidate)) hearsay += 1;
    candidate.state = state;
    for (const source of candidate.sources) {
      if (source === OWN_LINKS) continue;
      if (state === 'answered') source.right += 1;
      else if (state === 'failed') source.wrong += 1;
    }
  };

  /**
   * Only the node that was asked counts as having answered: what it says of nodes behind it is hearsay, and a liar could
   * otherwise make itself the whole neighbourhood of a key.
   */
  const take = ({ answer, by }: Carried, node: NodeId): void => {
    mark(node, 'answered');
    hear([...answer.answered, ...answer.nodes], { right: 0, wrong: 0 });
    hops = Math.max(hops, answer.hops);
    if (answer.records.length > 0) onRecords?.(answer.records);
    onNodes?.([...answer.answered, ...answer.nodes], by);
  };

  const track = (work: Promise<void>): void => {
    requests += 1;
    const tracked: Promise<void> = work.finally(() => running.delete(tracked));
    running.add(tracked);
  };

  const budget = (): number => Math.min(PATH_BUDGET_MS, deadline - clock.now());

  const runPath = async (first: NodeId, others: readonly NodeId[]): Promise<void> => {
    mark(first, 'asked');
    const neighbour = table.get(first);
    const request = { lookup, operation, budget: budget(), first: neighbour, avoid: others };
    const traced = tracer?.ask(first, { named: false });
    const carried = await router.request(request, { signal });
    traced?.(carried);
    if (carried) take(carried, carried.by);
    if (candidates.get(first)?.state === 'asked') mark(first, 'failed');
  };

  const ask = async (node: NodeId): Promise<void> => {
    mark(node, 'asked');
    (candidates.get(node) as Candidate).asked += 1;
    const traced = tracer?.ask(node, { named: true });
    const carried = await router.request({ lookup, to: node, operation, budget: budget() }, { signal });
    traced?.(carried);
    if (carried) take(carried, node);
    if (candidates.get(node)?.state !== 'answered') mark(node, 'failed');
  };

  /** The nearest nodes that may still turn out to belong to the result, and those behind a crowd around the key. */
  const nearest = (accept: (candidate: Candidate) => boolean): { near: NodeId[]; behind: NodeId[] } => {
    const nodes = [...candidates].filter(([, candidate]) => accept(candidate)).map(([node]) => node);
    const near = closest(key, nodes, CLOSEST_COUNT);
    if (!isCrowded(key, near, reach)) return { near, behind: [] };
    const region = nodes.filter((node) => distanceShare(key, node) <= CROWD_REACH * reach);
    return { near, behind: closest(key, region, MAX_CROWD).slice(near.length) };
  };

  /** Whom to ask next by name, if anybody. */
  const next = (): NodeId | undefined => {
    if (clock.now() >= deadline) return undefined;
    for (const [accept, isLimited] of ORDER) {
      if (isLimited && hearsay >= MAX_HEARSAY) continue;
      const { near, behind } = nearest(accept);
      const crowded = behind.length > 0;
      if (requests >= (crowded ? MAX_CROWDED_REQUESTS : MAX_LOOKUP_REQUESTS)) continue;
      // The farthest of the crowd's rear first: the crowd is there to be asked in their place.
      const order = crowded ? [...near, ...behind].toReversed() : near;
      const node = order.find((one) => candidates.get(one)?.state === 'heard');
      if (node !== undefined) return node;
    }
    return undefined;
  };

  // Links are there, whatever became of single requests.
  hear(table.ids(), OWN_LINKS);
  // Neighbours that have just let a request time out begin no path. Where they matter they are asked by name below.
  const ready = [...table.all()].filter((neighbour) => !neighbour.isSuspect()).map(({ id }) => id);
  const firsts = by === undefined ? closest(key, ready.length > 0 ? ready : table.ids(), paths) : [by];
  for (const first of firsts) {
    const others = firsts.filter((other) => other !== first);
    track(runPath(first, others));
  }
  for (;;) {
    const node = byName && running.size < paths ? next() : undefined;
    if (node !== undefined) track(ask(node));
    else if (running.size > 0) await Promise.race(running);
    else break;
  }
  const { near } = nearest(isAlive);
  const open = near.some((node) => candidates.get(node)?.state !== 'answered');
  const answered = nearest(({ state }) => state === 'answered');
  return { nodes: answered.near, behind: answered.behind, requests, hops, complete: !open };
}

/** Whose turn it is: those that more than one node knows of, then all, then those that were asked in vain. */
const ORDER: readonly (readonly [(candidate: Candidate) => boolean, isLimited: boolean])[] = [
  [(candidate) => isConfirmed(candidate) && isFresh(candidate), false],
  [(candidate) => isAlive(candidate) && isFresh(candidate), true],
  [isConfirmed, false],
];

function isFresh({ state, asked }: Candidate): boolean {
  return state !== 'heard' || asked === 0;
}

/** Whether it is there for sure, or two have named it independently: inventing nodes that only one knows of is easy. */
function isConfirmed(candidate: Candidate): boolean {
  const { state, sources } = candidate;
  return isAlive(candidate) && (state === 'answered' || sources.size > 1 || sources.has(OWN_LINKS));
}

/** Whether it may be there: it has not failed, and somebody who is believed has named it. */
function isAlive({ state, sources }: Candidate): boolean {
  if (state !== 'heard') return state !== 'failed';
  for (const { right, wrong } of sources) if (wrong < MAX_WRONG || wrong <= right) return true;
  return false;
}
