import type { Clock, Random } from '@tabswarm/base';
import { MAX_LOOKUP_MS, type DhtOperation } from '@tabswarm/protocol/dht';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { Id, NodeId, RecordKey } from '@tabswarm/protocol/ids';
import { closest } from '../distance.ts';
import { MAX_CROWDED_REQUESTS, MAX_LOOKUP_REQUESTS, NAMED_BUDGET_MS, PATH_BUDGET_MS } from '../limits.ts';
import type { RoutingTable } from '../routing-table/table.ts';
import type { Carried, Router } from '../rpc/router.ts';
import { createCandidates } from './candidates.ts';
import type { Tracer } from './trace.ts';
import { createUnderWay } from './under-way.ts';

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
  /** Whether enough of those that keep the key's records answered that there is hardly a newer one than what they gave. */
  readonly sure: boolean;
}

export interface LookupParts {
  readonly table: RoutingTable;
  readonly router: Router;
  readonly clock: Clock;
  readonly random: Random;
}

export interface LookupOptions {
  /** How many disjoint paths to begin with; also how many requests may be under way that are not slow. */
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

const LIMITS = { most: MAX_LOOKUP_REQUESTS, mostInCrowd: MAX_CROWDED_REQUESTS };
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
  const candidates = createCandidates(key, table);
  const underWay = createUnderWay(clock);
  let requests = 0;
  let hops = 0;

  /**
   * Only the node that was asked counts as having answered: what it says of nodes behind it is hearsay, and a liar could
   * otherwise make itself the whole neighbourhood of a key.
   */
  const take = ({ answer, by }: Carried, node: NodeId): void => {
    candidates.answered(node);
    candidates.hear([...answer.answered, ...answer.nodes], node);
    hops = Math.max(hops, answer.hops);
    if (answer.records.length > 0) onRecords?.(answer.records);
    onNodes?.([...answer.answered, ...answer.nodes], by);
  };

  const track = (node: NodeId, request: Promise<void>): void => {
    requests += 1;
    underWay.add(request, () => candidates.slow(node));
  };

  const within = (ms: number): number => Math.min(ms, deadline - clock.now());

  const runPath = async (first: NodeId, others: readonly NodeId[]): Promise<void> => {
    candidates.asked(first, { named: false });
    const neighbour = table.get(first);
    const request = { lookup, operation, budget: within(PATH_BUDGET_MS), first: neighbour, avoid: others };
    const traced = tracer?.ask(first, { named: false });
    const carried = await router.request(request, { signal });
    traced?.(carried);
    if (carried) take(carried, carried.by);
    candidates.failed(first);
  };

  const ask = async (node: NodeId): Promise<void> => {
    candidates.asked(node, { named: true });
    const traced = tracer?.ask(node, { named: true });
    const budget = within(NAMED_BUDGET_MS);
    const carried = await router.request({ lookup, to: node, operation, budget }, { signal });
    traced?.(carried);
    if (carried) take(carried, node);
    else candidates.failed(node);
  };

  // Neighbours that have just let a request time out begin no path. Where they matter they are asked by name below.
  const ready = [...table.all()].filter((neighbour) => !neighbour.isSuspect()).map(({ id }) => id);
  const firsts = by === undefined ? closest(key, ready.length > 0 ? ready : table.ids(), paths) : [by];
  for (const first of firsts) {
    const others = firsts.filter((other) => other !== first);
    track(first, runPath(first, others));
  }
  for (;;) {
    const maySend = byName && underWay.quick < paths && clock.now() < deadline;
    const node = maySend ? candidates.next(requests, LIMITS) : undefined;
    if (node !== undefined) track(node, ask(node));
    else if (underWay.size > 0) await underWay.change();
    else break;
  }
  const { near, behind, complete, sure } = candidates.result();
  return { nodes: near, behind, requests, hops, complete, sure };
}
