import type { Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { sharedBits } from '../distance.ts';
import { BUCKET_CONTACTS } from '../limits.ts';

/** A node that is known but not linked. */
export interface Contact {
  readonly id: NodeId;
  /** Neighbours that told of it and so may introduce us, the latest first. */
  readonly via: readonly NodeId[];
  readonly heardAt: number;
  /** Not dialed before that time. */
  readonly dialAfter: number;
}

/** The contact cache: bounded per bucket, so that whoever floods us with ids fills a few buckets, not all. */
export interface Contacts {
  readonly size: number;
  /** Returns whether the node was not known before and there was room for it. */
  learn(node: NodeId, options: { via?: NodeId | undefined; dialAfter: number }): boolean;
  get(node: NodeId): Contact | undefined;
  forget(node: NodeId): void;
  all(): Iterable<Contact>;
  /** How many are known in one bucket. */
  inBucket(bucket: number): number;
  /** Those of one bucket. */
  bucket(bucket: number): Iterable<Contact>;
  /** The buckets that hold any. */
  buckets(): Iterable<number>;
  clear(): void;
}

const MAX_VIA = 3;
/** A contact not heard of for so long makes room for a new one. */
const STALE_MS = 10 * 60_000;

export function createContacts(self: NodeId, clock: Clock): Contacts {
  const contacts = new Map<NodeId, Contact>();
  const buckets = new Map<number, Set<NodeId>>();

  const forget = (node: NodeId): void => {
    if (!contacts.delete(node)) return;
    const index = sharedBits(self, node);
    const bucket = buckets.get(index);
    bucket?.delete(node);
    if (bucket?.size === 0) buckets.delete(index);
  };

  const hasRoom = (bucket: Set<NodeId>): boolean => {
    if (bucket.size < BUCKET_CONTACTS) return true;
    // In the order in which they were last heard of.
    for (const oldest of bucket) {
      if ((contacts.get(oldest)?.heardAt ?? 0) >= clock.now() - STALE_MS) return false;
      forget(oldest);
      return true;
    }
    return false;
  };

  return {
    get size() {
      return contacts.size;
    },
    learn(node, { via, dialAfter }) {
      if (node === self) return false;
      const known = contacts.get(node);
      const others = known?.via.filter((one) => one !== via) ?? [];
      const next = {
        id: node,
        via: via === undefined ? others : [via, ...others].slice(0, MAX_VIA),
        heardAt: clock.now(),
        dialAfter: Math.min(known?.dialAfter ?? dialAfter, dialAfter),
      };
      const index = sharedBits(self, node);
      const bucket = buckets.get(index) ?? new Set();
      if (!known && !hasRoom(bucket)) return false;
      // Anew, so that the one heard of longest ago stays in front.
      bucket.delete(node);
      buckets.set(index, bucket.add(node));
      contacts.set(node, next);
      return !known;
    },
    get: (node) => contacts.get(node),
    forget,
    all: () => contacts.values(),
    inBucket: (bucket) => buckets.get(bucket)?.size ?? 0,
    *bucket(bucket) {
      for (const id of buckets.get(bucket) ?? []) {
        const contact = contacts.get(id);
        if (contact) yield contact;
      }
    },
    buckets: () => buckets.keys(),
    clear() {
      contacts.clear();
      buckets.clear();
    },
  };
}
