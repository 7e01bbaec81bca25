import type { NodeId, Id } from '@tabswarm/protocol/ids';
import { CLOSEST_COUNT } from '@tabswarm/protocol/dht';
import { closest, countNearer, sharedBits } from '../distance.ts';
import { BUCKET_LINKS } from '../limits.ts';
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
  /** Whether fewer than `count` others, of the neighbours and ourselves, are nearer to `key` than `node` is. */
  isAmongNearest(key: Id, node: NodeId, count: number): boolean;
  /** Neighbours by bucket, only those buckets that hold some. */
  buckets(): ReadonlyMap<number, readonly Neighbour[]>;
  /** Neighbours over BUCKET_LINKS in their bucket that are not among our own nearest; the youngest links first. */
  surplus(): Neighbour[];
}

export function createRoutingTable(self: NodeId): RoutingTable {
  const neighbours = new Map<NodeId, Neighbour>();

  const withSelf = function* withSelf(): Generator<NodeId> {
    yield self;
    yield* neighbours.keys();
  };

  const buckets = (): Map<number, Neighbour[]> => {
    const out = new Map<number, Neighbour[]>();
    for (const neighbour of neighbours.values()) {
      const bucket = sharedBits(self, neighbour.id);
      const held = out.get(bucket);
      if (held) held.push(neighbour);
      else out.set(bucket, [neighbour]);
    }
    return out;
  };

  return {
    self,
    get size() {
      return neighbours.size;
    },
    add(neighbour) {
      neighbours.set(neighbour.id, neighbour);
    },
    remove(neighbour) {
      // A newer link to the same node may have taken the place.
      return neighbours.get(neighbour.id) === neighbour && neighbours.delete(neighbour.id);
    },
    get: (node) => neighbours.get(node),
    has: (node) => neighbours.has(node),
    ids: () => neighbours.keys(),
    all: () => neighbours.values(),
    nearest: (key, count, options) =>
      closest(key, options?.withSelf === true ? withSelf() : neighbours.keys(), count),
    isAmongNearest: (key, node, count) => countNearer(key, node, withSelf(), count) < count,
    buckets,
    surplus() {
      const near = new Set(closest(self, neighbours.keys(), CLOSEST_COUNT));
      const out: Neighbour[] = [];
      for (const held of buckets().values()) {
        const far = held.filter((neighbour) => !near.has(neighbour.id));
        const keep = Math.max(0, BUCKET_LINKS - (held.length - far.length));
        // The longer a node has been there, the longer it will stay (Saroiu et al., 2002; Kademlia, section 2.2).
        out.push(...far.toSorted((a, b) => openedAt(a) - openedAt(b)).slice(keep));
      }
      return out.toSorted((a, b) => openedAt(b) - openedAt(a));
    },
  };
}

function openedAt(neighbour: Neighbour): number {
  return neighbour.link.stats().openedAt;
}
