import type { Clock, Random } from '@tabswarm/base';
import { CLOSEST_COUNT, MAX_LOOKUP_MS, type DhtOperation } from '@tabswarm/protocol/dht';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { Id, NodeId, RecordKey } from '@tabswarm/protocol/ids';
import { closest } from '../distance.ts';
import { MAX_LOOKUP_REQUESTS, PATH_BUDGET_MS } from '../limits.ts';
import type { RoutingTable } from '../routing-table/table.ts';
import type { Carried, Router } from '../rpc/router.ts';
import type { Tracer } from './trace.ts';

/** What a lookup came to. */
export interface LookupResult {
  /** The up to 8 nodes nearest to the key that answered, ourselves included, nearest first. */
  readonly nodes: readonly NodeId[];
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

type Candidate = 'heard' | 'asked' | 'answered' | 'failed';
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
  { paths, signal, onRecords, onNodes, tracer }: LookupOptions,
): Promise<LookupResult> {
  const { key } = operation;
  const lookup = random.bytes(LOOKUP_NAME_BYTES);
  const deadline = clock.now() + MAX_LOOKUP_MS;
  const candidates = new Map<NodeId, Candidate>([[table.self, 'answered']]);
  const running = new Set<Promise<void>>();
  let requests = 0;
  let hops = 0;

  const hear = (nodes: Iterable<NodeId>): void => {
    for (const node of nodes) if (!candidates.has(node)) candidates.set(node, 'heard');
  };

  /**
   * Only the node that was asked counts as having answered: what it says of nodes behind it is hearsay, and a liar could
   * otherwise make itself the whole neighbourhood of a key.
   */
  const take = ({ answer, by }: Carried, node: NodeId): void => {
    candidates.set(node, 'answered');
    hear([...answer.answered, ...answer.nodes]);
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
    candidates.set(first, 'asked');
    const neighbour = table.get(first);
    const request = { lookup, operation, budget: budget(), first: neighbour, avoid: others };
    const traced = tracer?.ask(first);
    const carried = await router.request(request, { signal });
    traced?.(carried);
    if (carried) take(carried, carried.by);
    if (candidates.get(first) === 'asked') candidates.set(first, 'failed');
  };

  const ask = async (node: NodeId): Promise<void> => {
    candidates.set(node, 'asked');
    const traced = tracer?.ask(node);
    const carried = await router.request({ lookup, to: node, operation, budget: budget() }, { signal });
    traced?.(carried);
    if (carried) take(carried, node);
    if (candidates.get(node) !== 'answered') candidates.set(node, 'failed');
  };

  /** The nearest nodes that may still turn out to belong to the result. */
  const nearest = (): NodeId[] => {
    const alive = [...candidates].filter(([, state]) => state !== 'failed').map(([node]) => node);
    return closest(key, alive, CLOSEST_COUNT);
  };

  hear(table.ids());
  // Neighbours that have just let a request time out begin no path. Where they matter they are asked by name below.
  const ready = [...table.all()].filter((neighbour) => !neighbour.isSuspect()).map(({ id }) => id);
  const firsts = closest(key, ready.length > 0 ? ready : table.ids(), paths);
  for (const first of firsts) {
    const others = firsts.filter((other) => other !== first);
    track(runPath(first, others));
  }
  for (;;) {
    const left = clock.now() < deadline && requests < MAX_LOOKUP_REQUESTS;
    const next = left ? nearest().find((node) => candidates.get(node) === 'heard') : undefined;
    if (next !== undefined && running.size < paths) track(ask(next));
    else if (running.size > 0) await Promise.race(running);
    else break;
  }
  const open = nearest().some((node) => candidates.get(node) !== 'answered');
  const answered = [...candidates].filter(([, state]) => state === 'answered').map(([node]) => node);
  return { nodes: closest(key, answered, CLOSEST_COUNT), requests, hops, complete: !open };
}
