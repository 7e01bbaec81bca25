import { every, type Clock, type Log, type Random } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { randomIdInBucket, sharedBits } from '../distance.ts';
import {
  BUCKET_LINKS,
  FREE_LINKS,
  JOIN_REFRESH_MS,
  MAX_BUCKETS_PER_REFRESH,
  PRUNE_MIN_AGE_MS,
  REFRESH_MS,
} from '../limits.ts';
import type { Contacts } from './contacts.ts';
import type { Dialer } from './dialer.ts';
import type { Gossip } from './gossip.ts';
import { isSmallNetwork, type LinkPolicy } from './link-policy.ts';
import type { RoutingTable } from './table.ts';

/** Keeps the table good: looks for nodes to know, and closes links that there are too many of. */
export interface Maintenance {
  joined(): void;
}

export interface MaintenanceParts {
  readonly table: RoutingTable;
  readonly contacts: Contacts;
  readonly policy: LinkPolicy;
  readonly gossip: Gossip;
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** A lookup whose findings become contacts. */
  readonly explore: (target: NodeId) => Promise<void>;
  /** Links that others need just now are not closed as surplus. */
  readonly isLinkInUse: (node: NodeId) => boolean;
  /** Once per period, for whatever else is to be swept. */
  readonly onPeriod: () => void;
}

export function createMaintenance(parts: MaintenanceParts, { signal }: { signal: AbortSignal }): Maintenance {
  const { table, contacts, policy, gossip, dialer, clock, random, log } = parts;
  let refreshing = false;
  let cancelJoin: (() => void) | undefined;
  let hasJoined = false;
  signal.addEventListener('abort', () => cancelJoin?.(), { once: true });

  /** Buckets nearer to the root of the tree than our nearest neighbour's that hold too few links. */
  const thinBuckets = (): number[] => {
    const buckets = table.buckets();
    const nearest = table.nearest(table.self, 1)[0];
    const depth = nearest === undefined ? 0 : sharedBits(table.self, nearest);
    const thin = Array.from({ length: depth }, (_, bucket) => bucket).filter(
      (bucket) => (buckets.get(bucket)?.length ?? 0) < BUCKET_LINKS,
    );
    return thin.slice(0, MAX_BUCKETS_PER_REFRESH);
  };

  const refresh = async (): Promise<void> => {
    if (refreshing || table.size === 0) return;
    refreshing = true;
    try {
      await parts.explore(table.self);
      if (isSmallNetwork(policy, table, contacts)) return;
      for (const bucket of thinBuckets()) await parts.explore(randomIdInBucket(table.self, bucket, random));
    } catch (cause) {
      if (!signal.aborted) log.warn('refresh came to nothing', { cause: String(cause) });
    } finally {
      refreshing = false;
      dialer.poke();
    }
  };

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
      // refresh() reports its own failures.
      void refresh();
    },
    { signal },
  );

  return {
    joined() {
      prune();
      if (hasJoined) return;
      // The first links: look for our neighbourhood now, and not a minute from now.
      hasJoined = true;
      cancelJoin = clock.after(JOIN_REFRESH_MS, () => void refresh());
    },
  };
}
