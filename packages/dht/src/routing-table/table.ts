import type { NodeId, Id } from '@tabswarm/protocol/ids';
import { CLOSEST_COUNT } from '@tabswarm/protocol/dht';
import { closest, countNearer, distanceShare, sharedBits } from '../distance.ts';
import {
  BUCKET_LINKS,
  CROWDS,
  CROWDS_OF_SMALL_NETWORK,
  RESPONSIBLE_COUNT,
  RESPONSIBLE_REACH,
  SMALL_NETWORK_NODES,
} from '../limits.ts';
import type { Neighbour } from '../rpc/neighbour.ts';

/**
 * The routing table: the neighbours that can be asked now, by how many leading bits their ids share with ours. A node
 * that is known but not linked is no route, and stands in the contact cache instead.
 */
export interface RoutingTable {
  readonly self: NodeId;
  readonly size: number;
  add(neighbour: Neighbour): void;
  remove(neighbour: Neighbour): boolean;
  get(node: NodeId): Neighbour | undefined;
  has(node: NodeId): boolean;
  ids(): Iterable<NodeId>;
  all(): Iterable<Neighbour>;
  /** The ids of the `count` neighbours nearest to `key`, nearest first; with ourselves among them where asked for. */
  nearest(key: Id, count: number, options?: { withSelf?: boolean }): NodeId[];
  /**
   * Those of our neighbours to name to somebody who looks for a key: the nearest, and where these crowd around it as no
   * honest nodes would, those behind the crowd as well.
   */
  nearestToTell(key: Id): NodeId[];
  /** Whether fewer than `count` others, of the neighbours and ourselves, are nearer to `key` than `node` is. */
  isAmongNearest(key: Id, node: NodeId, count: number): boolean;
  /**
   * Within what share of the id space around any key its CLOSEST_COUNT nearest nodes are to be expected, by how far our
   * own nearest neighbours are; 1 where there are fewer. Whoever wants to mislead us about it must surround us, not the
   * key.
   */
  expectedReach(): number;
  /** Whether a record under that key belongs here, as far as can be told: views of the nearest nodes differ a little. */
  isResponsible(key: Id): boolean;
  /** Neighbours by bucket, only those buckets that hold some. */
  buckets(): ReadonlyMap<number, ReadonlySet<Neighbour>>;
  /** Neighbours over BUCKET_LINKS in their bucket that are not among our own nearest; the youngest links first. */
  surplus(): Neighbour[];
}

export function createRoutingTable(self: NodeId): RoutingTable {
  const neighbours = new Map<NodeId, Neighbour>();
  const buckets = new Map<number, Set<Neighbour>>();

  const withSelf = function* withSelf(): Generator<NodeId> {
    yield self;
    yield* neighbours.keys();
  };

  const drop = (neighbour: Neighbour): void => {
    neighbours.delete(neighbour.id);
    const bucket = sharedBits(self, neighbour.id);
    const held = buckets.get(bucket);
    held?.delete(neighbour);
    if (held?.size === 0) buckets.delete(bucket);
  };

  const expectedReach = (): number => {
    const last = closest(self, neighbours.keys(), CLOSEST_COUNT)[CLOSEST_COUNT - 1];
    return last === undefined ? 1 : distanceShare(self, last);
  };

  return {
    self,
    get size() {
      return neighbours.size;
    },
    add(neighbour) {
      const before = neighbours.get(neighbour.id);
      if (before) drop(before);
      neighbours.set(neighbour.id, neighbour);
      const bucket = sharedBits(self, neighbour.id);
      const held = buckets.get(bucket) ?? new Set();
      buckets.set(bucket, held.add(neighbour));
    },
    remove(neighbour) {
      // A newer link to the same node may have taken the place.
      if (neighbours.get(neighbour.id) !== neighbour) return false;
      drop(neighbour);
      return true;
    },
    get: (node) => neighbours.get(node),
    has: (node) => neighbours.has(node),
    ids: () => neighbours.keys(),
    all: () => neighbours.values(),
    nearest: (key, count, options) =>
      closest(key, options?.withSelf === true ? withSelf() : neighbours.keys(), count),
    nearestToTell(key) {
      const nearest = closest(key, neighbours.keys(), CLOSEST_COUNT);
      const edge = crowdEdge(key, nearest, expectedReach());
      if (edge === undefined) return nearest;
      const behind = [...neighbours.keys()].filter((id) => distanceShare(key, id) >= edge);
      return [...nearest.slice(0, CLOSEST_COUNT / 2), ...closest(key, behind, CLOSEST_COUNT)];
    },
    isAmongNearest: (key, node, count) => countNearer(key, node, withSelf(), count) < count,
    expectedReach,
    // By number of nodes, or by distance: where a crowd has settled around the key, those behind it still keep it.
    isResponsible: (key) =>
      countNearer(key, self, neighbours.keys(), RESPONSIBLE_COUNT) < RESPONSIBLE_COUNT ||
      distanceShare(key, self) <= RESPONSIBLE_REACH * expectedReach(),
    buckets: () => buckets,
    surplus() {
      const near = new Set(closest(self, neighbours.keys(), CLOSEST_COUNT));
      const out: Neighbour[] = [];
      for (const held of buckets.values()) {
        const far = [...held].filter((neighbour) => !near.has(neighbour.id));
        const keep = Math.max(0, BUCKET_LINKS - (held.size - far.length));
        // The longer a node has been there, the longer it will stay (Saroiu et al., 2002; Kademlia, section 2.2).
        out.push(...far.toSorted((a, b) => openedAt(a) - openedAt(b)).slice(keep));
      }
      return out.toSorted((a, b) => openedAt(b) - openedAt(a));
    },
  };
}

/**
 * Where the nearest nodes of a key, nearest first, are so near that somebody must have placed them there, going by within
 * what share of the id space they were to be expected: how far from the key that crowd reaches, as such a share.
 */
export function crowdEdge(key: Id, nearest: readonly NodeId[], expectedReach: number): number | undefined {
  const isSmall = expectedReach > CLOSEST_COUNT / SMALL_NETWORK_NODES;
  for (const { nodes, within } of isSmall ? CROWDS_OF_SMALL_NETWORK : CROWDS) {
    const last = nearest[nodes - 1];
    if (last !== undefined && distanceShare(key, last) < within * expectedReach)
      return within * expectedReach;
  }
  return undefined;
}

function openedAt(neighbour: Neighbour): number {
  return neighbour.link.stats().openedAt;
}
