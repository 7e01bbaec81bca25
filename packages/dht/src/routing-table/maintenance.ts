import { every, type Clock, type Log, type Random } from '@tabswarm/base';
import { CLOSEST_COUNT } from '@tabswarm/protocol/dht';
import type { NodeId } from '@tabswarm/protocol/ids';
import { randomIdInBucket, sharedBits } from '../distance.ts';
import {
  BUCKET_LINKS,
  EMPTY_BUCKET_MS,
  FREE_LINKS,
  MAX_BUCKETS_PER_REFRESH,
  MAX_EMPTY_BUCKET_MS,
  NEIGHBOURHOOD_DELAY_MS,
  NEIGHBOURHOOD_MS,
  NEIGHBOURHOOD_PAUSE_MS,
  PRUNE_MIN_AGE_MS,
  READ_PATHS,
  REFRESH_MS,
} from '../limits.ts';
import type { Contacts } from './contacts.ts';
import type { Dialer } from './dialer.ts';
import type { Gossip } from './gossip.ts';
import { isSmallNetwork, type LinkPolicy } from './link-policy.ts';
import type { Remembered } from './remembered.ts';
import type { RoutingTable } from './table.ts';

/** Keeps the table good: looks for nodes to know, and closes links that there are too many of. */
export interface Maintenance {
  /** A node has become our neighbour, or is one no longer. */
  changed(node: NodeId): void;
  /** A neighbour that had been lost is back, and may bring a part of the network that had been apart. */
  foundAgain(node: NodeId): void;
}

export interface MaintenanceParts {
  readonly table: RoutingTable;
  readonly contacts: Contacts;
  readonly policy: LinkPolicy;
  readonly remembered: Remembered;
  readonly gossip: Gossip;
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Goes toward a target on so many paths, or by way of one neighbour; what is found becomes a contact. */
  readonly explore: (target: NodeId, how: { paths: number } | { by: NodeId }) => Promise<void>;
  /** Links that others need just now are not closed as surplus. */
  readonly isLinkInUse: (node: NodeId) => boolean;
  /** Once per period, for whatever else is to be swept. */
  readonly onPeriod: () => void;
}

export function createMaintenance(parts: MaintenanceParts, { signal }: { signal: AbortSignal }): Maintenance {
  const { table, contacts, policy, gossip, dialer, clock, random, log } = parts;
  /** Buckets in which a search found nothing: when to search again, and how long to wait after that. */
  const empty = new Map<number, { until: number; waitMs: number }>();
  /** Searches that wait for the one that runs. Going over a map meets what was added meanwhile. */
  const waiting = new Map<string, () => Promise<void>>();
  let busy = false;
  let lookedAroundAt = -Infinity;
  let cancelLook: (() => void) | undefined;
  signal.addEventListener('abort', () => cancelLook?.(), { once: true });

  /** Runs one search at a time; of those that come while another runs, each kind once, in order. */
  const search = (kind: string, work: () => Promise<void>): void => {
    waiting.set(kind, work);
    // runSearches() reports its own failures.
    if (!busy) void runSearches();
  };

  const runSearches = async (): Promise<void> => {
    busy = true;
    for (const [kind, work] of waiting) {
      waiting.delete(kind);
      if (signal.aborted || table.size === 0) continue;
      try {
        await work();
      } catch (cause) {
        if (!signal.aborted) log.warn('a search for neighbours came to nothing', { cause: String(cause) });
      }
      dialer.poke();
    }
    busy = false;
  };

  const lookAround = async (): Promise<void> => {
    lookedAroundAt = clock.now();
    await parts.explore(table.self, { paths: READ_PATHS });
  };

  const lookAroundSoon = (): void => {
    const pause = lookedAroundAt + NEIGHBOURHOOD_PAUSE_MS - clock.now();
    cancelLook ??= clock.after(Math.max(NEIGHBOURHOOD_DELAY_MS, pause), () => {
      cancelLook = undefined;
      search('neighbourhood', lookAround);
    });
  };

  /** Buckets nearer to the root of the tree than our nearest neighbour's that hold too few links and contacts. */
  const thinBuckets = (): number[] => {
    const buckets = table.buckets();
    const nearest = table.nearest(table.self, 1)[0];
    const depth = nearest === undefined ? 0 : sharedBits(table.self, nearest);
    const now = clock.now();
    return Array.from({ length: depth }, (_, bucket) => bucket).filter(
      (bucket) =>
        (buckets.get(bucket)?.size ?? 0) + contacts.inBucket(bucket) < BUCKET_LINKS &&
        (empty.get(bucket)?.until ?? 0) <= now,
    );
  };

  const fillBucket = async (bucket: number): Promise<void> => {
    const before = contacts.inBucket(bucket);
    await parts.explore(randomIdInBucket(table.self, bucket, random), { paths: 1 });
    if (contacts.inBucket(bucket) > before) {
      empty.delete(bucket);
      return;
    }
    const waitMs = empty.get(bucket)?.waitMs ?? EMPTY_BUCKET_MS;
    const longer = Math.min(MAX_EMPTY_BUCKET_MS, 2 * waitMs);
    empty.set(bucket, { until: clock.now() + waitMs, waitMs: longer });
  };

  const refresh = (): void =>
    search('refresh', async () => {
      if (lookedAroundAt + NEIGHBOURHOOD_MS <= clock.now()) await lookAround();
      if (isSmallNetwork(policy, table, contacts)) return;
      for (const bucket of thinBuckets().slice(0, MAX_BUCKETS_PER_REFRESH)) await fillBucket(bucket);
    });

  const prune = (): void => {
    const surplus = table.size - Math.ceil(policy.max * (1 - FREE_LINKS));
    if (surplus <= 0 || isSmallNetwork(policy, table, contacts)) return;
    const oldEnough = clock.now() - PRUNE_MIN_AGE_MS;
    const closable = table
      .surplus()
      .filter(({ id, link }) => link.stats().openedAt <= oldEnough && !parts.isLinkInUse(id));
    for (const { link } of closable.slice(0, surplus)) link.close('pruned');
  };

  const period = (): number => REFRESH_MS * (0.8 + 0.4 * random.number());
  every(
    clock,
    period,
    () => {
      prune();
      if (isSmallNetwork(policy, table, contacts)) gossip.repeat();
      parts.onPeriod();
      const lost = parts.remembered.any();
      if (lost !== undefined) dialer.probe(lost);
      refresh();
    },
    { signal },
  );

  return {
    changed(node) {
      prune();
      if (table.isAmongNearest(table.self, node, CLOSEST_COUNT + 1)) lookAroundSoon();
    },
    foundAgain(node) {
      search(`by ${node}`, async () => {
        if (table.has(node)) await parts.explore(table.self, { by: node });
      });
    },
  };
}
