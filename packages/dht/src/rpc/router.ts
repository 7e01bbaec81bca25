import { fromHex, toHex } from '@tabswarm/protocol/bytes';
import type { Clock, Log } from '@tabswarm/base';
import { MAX_HOPS, MAX_VISITED, VISITED_BYTES, type DhtOperation } from '@tabswarm/protocol/dht';
import { ProtocolError } from '@tabswarm/protocol/error';
import { compareDistance, type Id, type NodeId } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import { createBoundedMap } from '../bounded-map.ts';

import { MAX_FORWARDED, MAX_FORWARDED_PER_LINK, MAX_SEEN_LOOKUPS, MAX_TRIES } from '../limits.ts';
import type { RoutingTable } from '../routing-table/table.ts';
import type { Signing } from '../signing.ts';
import { emptyAnswer, type Answer, type Answers } from './answers.ts';
import type { Neighbour, Reply, Request } from './neighbour.ts';

/** One request that starts here. */
export interface OwnRequest {
  readonly lookup: Request['lookup'];
  /** The node to reach; without it, whoever is nearest to the operation's key. */
  readonly to?: NodeId | undefined;
  readonly operation: DhtOperation;
  readonly budget: number;
  /** The neighbour to begin with, where the lookup chose one. */
  readonly first?: Neighbour | undefined;
  /** Nodes to pass by: those that other paths begin with. */
  readonly avoid?: readonly NodeId[];
}

/** What came back, and the neighbour that brought it. */
export interface Carried {
  readonly answer: Answer;
  readonly by: NodeId;
}

/**
 * Kademlia's requests, forwarded: each node passes a request to the open link nearest to its destination, strictly
 * nearer than itself, so that it cannot go round; the reply comes back along the same path.
 */
export interface Router {
  /**
   * The reply, or undefined where none came that is sure to be from the node asked. Rejects only with `signal.reason`.
   */
  request(request: OwnRequest, options: { signal: AbortSignal }): Promise<Carried | undefined>;
  /** Answers or forwards what a neighbour asks. */
  handle(from: Neighbour, request: Request): void;
}

export interface RouterParts {
  readonly table: RoutingTable;
  readonly answers: Answers;
  readonly identity: Identity;
  readonly signing: Signing;
  readonly clock: Clock;
  readonly log: Log;
}

/** A request on its way through this node. */
interface Journey {
  readonly lookup: Request['lookup'];
  readonly to: NodeId | undefined;
  readonly operation: DhtOperation;
  readonly hops: number;
  readonly deadline: number;
  /** By the marks of `visited`, as text. */
  readonly visited: Set<string>;
  /** Whether the answer that this neighbour brings must carry a proof. */
  readonly prove: (next: Neighbour) => boolean;
  /** Where it goes: the nearest to there is tried first. */
  readonly destination: Id;
  /** Whether this neighbour may carry it on. */
  readonly accepts: (next: Neighbour) => boolean;
  /** The neighbour to begin with. */
  readonly first?: Neighbour | undefined;
}

/** One round trip passes between the two clocks that count a budget, and the answer has to be made. */
const MARGIN_RTTS = 1.5;

export function createRouter(parts: RouterParts, { signal: running }: { signal: AbortSignal }): Router {
  const { table, answers, identity, signing, clock, log } = parts;
  const seen = createBoundedMap<string, true>(MAX_SEEN_LOOKUPS);
  let forwarding = 0;

  /** Passes a request on, to a few neighbours in turn. All tries together take at most `hops` hops. */
  const carry = async (journey: Journey, signal?: AbortSignal): Promise<Carried | undefined> => {
    let spent = 0;
    for (let tries = 0; tries < MAX_TRIES && spent < journey.hops; tries += 1) {
      const next = choose(journey, table);
      if (!next) return undefined;
      const budget = Math.floor(journey.deadline - clock.now());
      if (budget <= 0) return undefined;
      journey.visited.add(markOf(next.id));
      const { lookup, to, operation } = journey;
      const hops = journey.hops - spent - 1;
      const visited = [...journey.visited].slice(-MAX_VISITED).map(fromHex);
      const prove = journey.prove(next);
      const exchange = await next.ask({ lookup, to, operation, hops, budget, prove, visited }, { signal });
      spent += 1;
      if (exchange.outcome === 'late') return undefined;
      if (exchange.outcome !== 'answered') continue;
      const { reply } = exchange;
      spent += Math.min(reply.hops, hops);
      for (const node of reply.answered) journey.visited.add(markOf(node));
      if (reply.outcome !== 'visited' && reply.outcome !== 'unreachable') {
        if (!(await isBy(journey, next, reply, prove))) {
          log.warn('a neighbour answers for another', { node: next.id });
          next.link.close('protocol-error');
          continue;
        }
        return { answer: { ...answerOf(reply), hops: Math.min(spent, MAX_HOPS) }, by: next.id };
      }
    }
    return undefined;
  };

  /**
   * Whether an answer is by the node that was to be reached. Everybody on the way asks that, so whoever hands on one
   * that is not has made it up.
   */
  const isBy = async (
    { to, lookup }: Journey,
    next: Neighbour,
    reply: Reply,
    prove: boolean,
  ): Promise<boolean> => {
    // A link proves who is at its other end. But where those behind us will check, this node must have checked.
    if (to === undefined || (next.id === to && !prove)) return true;
    return (
      reply.proof !== undefined &&
      (await signing.provenBy(reply.proof, { lookup, ...answerOf(reply) })) === to
    );
  };

  const hasRoomFor = (from: Neighbour): boolean =>
    forwarding < MAX_FORWARDED && from.forwarding < MAX_FORWARDED_PER_LINK && from.allowance.mayForward();

  const respond = async (from: Neighbour, request: Request): Promise<Answer> => {
    const { to, operation, lookup } = request;
    if (to === table.self) {
      const answer = await answers.answer(operation);
      return request.prove
        ? { ...answer, proof: await signing.prove(identity, { lookup, ...answer }) }
        : answer;
    }
    const key = keyOf(operation);
    const destination = to ?? key;
    if (destination === undefined) throw new ProtocolError('malformed', 'a request without a destination');
    if (to === undefined) {
      const name = toHex(lookup);
      if (seen.has(name)) return emptyAnswer('visited');
      seen.set(name, true);
    }
    // Taken at once: what the nodes behind us say must not change what we say for ourselves.
    const own = to === undefined && key !== undefined ? await answers.answer(operation) : undefined;
    const journey: Journey = {
      lookup,
      to,
      operation,
      hops: request.hops,
      // Each node keeps time to answer in, so that the one behind it gives up first, and whoever is late is at fault.
      deadline: clock.now() + request.budget - MARGIN_RTTS * from.roundTripMs(),
      visited: new Set(request.visited.map(toHex)),
      // Whatever the one who asks wants: what this node hands on it must be able to check.
      prove: (next) => request.prove || (to !== undefined && next.id !== to),
      destination,
      // Strictly nearer than this node, so that it cannot go round.
      accepts: (next) => next !== from && compareDistance(destination, next.id, table.self) < 0,
    };
    const atItsEnd = request.hops === 0 || !choose(journey, table);
    if (atItsEnd || !hasRoomFor(from)) return own ?? emptyAnswer('unreachable');
    from.send({ type: 'forwarded', id: request.id });
    forwarding += 1;
    from.forwarding += 1;
    try {
      const behind = await carry(journey);
      if (!own || key === undefined) return behind?.answer ?? emptyAnswer('unreachable');
      return behind ? answers.merge(own, behind.answer, key) : own;
    } finally {
      forwarding -= 1;
      from.forwarding -= 1;
    }
  };

  return {
    async request({ lookup, to, operation, budget, first, avoid = [] }, { signal }) {
      if (to === undefined) seen.set(toHex(lookup), true);
      const destination = to ?? keyOf(operation) ?? table.self;
      const visited = new Set(avoid.map(markOf));
      const deadline = clock.now() + budget;
      // A link proves who is at its other end; what comes from beyond must be proven otherwise.
      const prove = (next: Neighbour): boolean => to !== undefined && next.id !== to;
      const journey = {
        lookup,
        to,
        operation,
        hops: MAX_HOPS,
        deadline,
        visited,
        prove,
        destination,
        accepts: anybody,
        first,
      };
      return carry(journey, signal);
    },
    handle(from, request) {
      if (!from.allowance.mayRequest()) return;
      respond(from, request)
        .then((answer) => from.send({ type: 'reply', id: request.id, ...answer }))
        .catch((cause: unknown) => {
          if (running.aborted) return;
          log.warn('request not answered', { from: from.id, cause: String(cause) });
          if (cause instanceof ProtocolError) from.link.close('protocol-error');
        });
    },
  };
}

function anybody(): boolean {
  return true;
}

/** The best of the candidates that has not been tried; one that has just let us wait only if there is no other. */
function choose(
  { first, visited, accepts, destination }: Journey,
  table: RoutingTable,
): Neighbour | undefined {
  if (first && table.get(first.id) === first && !visited.has(markOf(first.id)) && !first.isSuspect()) {
    return first;
  }
  let best: Neighbour | undefined;
  for (const neighbour of table.all()) {
    if (best && !goesBefore(neighbour, best, destination)) continue;
    if (accepts(neighbour) && !visited.has(markOf(neighbour.id))) best = neighbour;
  }
  return best;
}

function goesBefore(a: Neighbour, b: Neighbour, destination: Id): boolean {
  const suspect = a.isSuspect();
  return suspect === b.isSuspect() ? compareDistance(destination, a.id, b.id) < 0 : !suspect;
}

/** The key that a request is about: what its answers are measured by. */
function keyOf(operation: DhtOperation): Id | undefined {
  return operation.type === 'find-node' || operation.type === 'find-value' ? operation.key : undefined;
}

function answerOf({ outcome, hops, nodes, answered, records, proof }: Reply): Answer {
  return { outcome, hops, nodes, answered, records, proof };
}

/** How a node stands in `visited`, as text. */
function markOf(node: NodeId): string {
  return node.slice(0, 2 * VISITED_BYTES);
}
