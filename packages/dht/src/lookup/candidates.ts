import { CLOSEST_COUNT } from '@tabswarm/protocol/dht';
import type { Id, NodeId } from '@tabswarm/protocol/ids';
import { closest, distanceShare } from '../distance.ts';
import { CROWD_REACH, MAX_CROWD, READ_QUORUM } from '../limits.ts';
import { crowdEdge, type RoutingTable } from '../routing-table/table.ts';

/** The nodes that one lookup has heard of: which of them to ask next, and which are the result. */
export interface Candidates {
  /** Nodes that one node names, of which it is not known whether they exist. */
  hear(nodes: Iterable<NodeId>, from: NodeId): void;
  asked(node: NodeId, how: { named: boolean }): void;
  /** It has been asked for a while. Others are asked in its place; it may still answer. */
  slow(node: NodeId): void;
  answered(node: NodeId): void;
  /** Changes nothing where it has answered meanwhile. */
  failed(node: NodeId): void;
  /** Whom to ask next by name, if anybody; after so many requests, of which there may be more in a crowd. */
  next(requests: number, limits: { most: number; mostInCrowd: number }): NodeId | undefined;
  result(): {
    readonly near: NodeId[];
    readonly behind: NodeId[];
    readonly complete: boolean;
    readonly sure: boolean;
  };
}

interface Candidate {
  state: 'heard' | 'asked' | 'slow' | 'answered' | 'failed';
  /** Times that it was asked by name. */
  asked: number;
  /** Who named it. */
  readonly sources: Set<Source>;
}

/** A node that names others; how often one that it named was there, and how often not. */
interface Source {
  right: number;
  wrong: number;
}

/** Links are there, whatever becomes of single requests. */
const OWN_LINKS: Source = { right: Infinity, wrong: 0 };
/** Whoever names nodes that do not exist more often than others, and at least so often, is believed no longer. */
const MAX_WRONG = 2;
/** Nodes known by hearsay are asked until so many of them were not there: whoever invents one can invent a thousand. */
const MAX_HEARSAY = 6;
/** Times that a node is asked which is there for all we know. */
const MAX_ASKED = 2;

export function createCandidates(key: Id, table: RoutingTable): Candidates {
  const candidates = new Map<NodeId, Candidate>([
    [table.self, { state: 'answered', asked: 0, sources: new Set() }],
  ]);
  const sources = new Map<NodeId, Source>();
  const reach = table.expectedReach();
  /** Nodes that only one knew of and that were not there. */
  let hearsay = 0;

  const hear = (nodes: Iterable<NodeId>, source: Source): void => {
    for (const node of nodes) get(node).sources.add(source);
  };

  const get = (node: NodeId): Candidate => {
    const candidate = candidates.get(node) ?? { state: 'heard', asked: 0, sources: new Set() };
    candidates.set(node, candidate);
    return candidate;
  };

  /** The nearest of those accepted, and where they crowd around the key those behind them. */
  const nearest = (accept: (candidate: Candidate) => boolean): { near: NodeId[]; behind: NodeId[] } => {
    const nodes = [...candidates].filter(([, candidate]) => accept(candidate)).map(([node]) => node);
    const near = closest(key, nodes, CLOSEST_COUNT);
    if (crowdEdge(key, near, reach) === undefined) return { near, behind: [] };
    const region = nodes.filter((node) => distanceShare(key, node) <= CROWD_REACH * reach);
    return { near, behind: closest(key, region, MAX_CROWD).slice(near.length) };
  };

  /** Whether enough of those that should keep the key's records have answered, ourselves not counted where they are many. */
  const isSure = (): boolean => {
    // Whoever invents nodes makes nobody unsure, unless another one names them as well.
    const known = [...candidates]
      .filter(([, { state, sources }]) => state === 'answered' || isVouched(sources))
      .map(([node]) => node);
    const region = known.filter((node) => distanceShare(key, node) <= CROWD_REACH * reach);
    const keepers = region.length > READ_QUORUM ? region : closest(key, known, READ_QUORUM + 1);
    const answered = keepers.filter((node) => get(node).state === 'answered');
    const others = answered.filter((node) => node !== table.self).length;
    return others >= READ_QUORUM || (others > 0 && 2 * answered.length > keepers.length);
  };

  hear(table.ids(), OWN_LINKS);
  return {
    hear(nodes, from) {
      const source = sources.get(from) ?? { right: 0, wrong: 0 };
      sources.set(from, source);
      hear(nodes, source);
    },
    asked(node, { named }) {
      const candidate = get(node);
      candidate.state = 'asked';
      if (named) candidate.asked += 1;
    },
    slow(node) {
      const candidate = get(node);
      if (candidate.state === 'asked') candidate.state = 'slow';
    },
    answered(node) {
      const candidate = get(node);
      candidate.state = 'answered';
      for (const source of candidate.sources) source.right += 1;
    },
    failed(node) {
      const candidate = get(node);
      if (candidate.state === 'answered') return;
      const isKnown = isConfirmed(candidate);
      if (isKnown && candidate.asked < MAX_ASKED && !table.has(node)) {
        // Somebody on the way there may be at fault, and another way free. It is asked again when all others have been.
        candidate.state = 'heard';
        return;
      }
      candidate.state = 'failed';
      if (!isKnown) hearsay += 1;
      for (const source of candidate.sources) if (source !== OWN_LINKS) source.wrong += 1;
    },
    next(requests, { most, mostInCrowd }) {
      for (const { accept, isHearsay } of TURNS) {
        if (isHearsay && hearsay >= MAX_HEARSAY) continue;
        const { near, behind } = nearest(accept);
        const isCrowd = behind.length > 0;
        if (requests >= (isCrowd ? mostInCrowd : most)) continue;
        // The farthest of those behind a crowd first: the crowd is there to be asked in their place.
        const order = isCrowd ? [...near, ...behind].toReversed() : near;
        const node = order.find((one) => get(one).state === 'heard');
        if (node !== undefined) return node;
      }
      return undefined;
    },
    result() {
      const open = nearest(isPossible).near.some((node) => get(node).state !== 'answered');
      return { ...nearest(({ state }) => state === 'answered'), complete: !open, sure: isSure() };
    },
  };
}

/** Whose turn it is: first of those that more than one node knows of, then of all, then of those asked in vain. */
const TURNS: readonly {
  readonly accept: (candidate: Candidate) => boolean;
  readonly isHearsay: boolean;
}[] = [
  { accept: (candidate) => isConfirmed(candidate) && isFresh(candidate), isHearsay: false },
  { accept: (candidate) => isAlive(candidate) && isFresh(candidate), isHearsay: true },
  { accept: isConfirmed, isHearsay: false },
];

/** Whether it may still turn out to be there. */
function isPossible(candidate: Candidate): boolean {
  return candidate.state === 'slow' || isAlive(candidate);
}

function isFresh({ state, asked }: Candidate): boolean {
  return state !== 'heard' || asked === 0;
}

/** Whether it is there for sure, or two have named it: inventing nodes that only one knows of is easy. */
function isConfirmed(candidate: Candidate): boolean {
  const { state, sources } = candidate;
  return isAlive(candidate) && (state === 'answered' || isVouched(sources));
}

function isVouched(sources: Candidate['sources']): boolean {
  return sources.size > 1 || sources.has(OWN_LINKS);
}

/** Whether it may be there: it has not failed to answer in time, and somebody who is believed has named it. */
function isAlive({ state, sources }: Candidate): boolean {
  if (state !== 'heard') return state === 'asked' || state === 'answered';
  for (const { right, wrong } of sources) if (wrong < MAX_WRONG || wrong <= right) return true;
  return false;
}
