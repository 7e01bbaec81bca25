import { type Clock, type Log, type TokenBucket, createTokenBucket } from '@tabswarm/base';
import { fromHex, toHex, type Bytes } from '@tabswarm/protocol/bytes';
import { CLOSEST_COUNT, MAX_OFFERED, type DhtMessageOf, type SignedRecord } from '@tabswarm/protocol/dht';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { NodeId } from '@tabswarm/protocol/ids';
import { createBoundedMap } from '../bounded-map.ts';
import { HAND_BURST, HANDS_PER_SECOND, MAX_WANTED, WANT_TIMEOUT_MS } from '../limits.ts';
import type { RoutingTable } from '../routing-table/table.ts';
import type { Neighbour } from '../rpc/neighbour.ts';
import type { Signing } from '../signing.ts';
import type { RecordStore } from './store.ts';

/**
 * Keeps records at the nodes nearest to their keys while nodes come and go. Links are connections, so neighbours know at
 * once. All who hold a record offer it, by digest; whoever lacks it asks one of them for it.
 */
export interface Handover {
  joined(neighbour: Neighbour): void;
  /** To be called when it is no longer in the table. */
  left(node: NodeId): void;
  offered(from: Neighbour, message: DhtMessageOf<'offer'>): void;
  wanted(from: Neighbour, message: DhtMessageOf<'want'>): void;
  handed(from: Neighbour, message: DhtMessageOf<'hand'>): void;
}

export interface HandoverParts {
  readonly table: RoutingTable;
  readonly store: RecordStore;
  readonly signing: Signing;
  readonly clock: Clock;
  readonly log: Log;
}

export function createHandover(parts: HandoverParts, { signal }: { signal: AbortSignal }): Handover {
  const { table, store, signing, clock, log } = parts;
  /** Digest to the time until which another neighbour is expected to hand the record over. */
  const expected = createBoundedMap<string, number>(MAX_WANTED);
  const budgets = new WeakMap<Neighbour, TokenBucket>();

  const mayHand = (to: Neighbour): boolean => {
    const budget = budgets.get(to) ?? createTokenBucket(clock, HANDS_PER_SECOND, HAND_BURST);
    budgets.set(to, budget);
    return budget.take();
  };

  const take = async (from: Neighbour, raw: Bytes): Promise<void> => {
    try {
      const record = await signing.open(raw);
      if (signal.aborted) return;
      if (!expected.has(record.digest)) return;
      expected.delete(record.digest);
      if (!table.isResponsible(record.key)) return;
      store.put(record);
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      // An honest node checks a record before it keeps it, so this one is no honest node's.
      log.warn('handed a record that is not valid', { from: from.id, code: cause.code });
      from.link.close('protocol-error');
    }
  };

  return {
    joined(neighbour) {
      offer(
        neighbour,
        store.all().filter(({ key }) => table.isAmongNearest(key, neighbour.id, CLOSEST_COUNT)),
      );
    },
    left(node) {
      const offers = new Map<NodeId, SignedRecord[]>();
      for (const record of store.all()) {
        if (!table.isAmongNearest(record.key, node, CLOSEST_COUNT)) continue;
        // It was one of the nearest; another has moved up to be the last of them.
        const last = table.nearest(record.key, CLOSEST_COUNT, { withSelf: true })[CLOSEST_COUNT - 1];
        if (last === undefined || last === table.self) continue;
        offers.set(last, [...(offers.get(last) ?? []), record]);
      }
      for (const [id, records] of offers) {
        const neighbour = table.get(id);
        if (neighbour) offer(neighbour, records);
      }
    },
    offered(from, { digests }) {
      const now = clock.now();
      const wanted = digests.filter((digest) => {
        const name = toHex(digest);
        if (store.byDigest(name) || (expected.get(name) ?? 0) > now) return false;
        expected.set(name, now + WANT_TIMEOUT_MS);
        return true;
      });
      if (wanted.length > 0) from.send({ type: 'want', digests: wanted });
    },
    wanted(to, { digests }) {
      for (const digest of digests) {
        const record = store.byDigest(toHex(digest));
        if (record && mayHand(to)) to.send({ type: 'hand', record: record.bytes });
      }
    },
    handed(from, { record }) {
      if (!from.allowance.mayHand()) return;
      take(from, record).catch((cause: unknown) => log.error('record not taken', { cause: String(cause) }));
    },
  };
}

function offer(to: Neighbour, records: readonly SignedRecord[]): void {
  for (let at = 0; at < records.length; at += MAX_OFFERED) {
    const digests = records.slice(at, at + MAX_OFFERED).map(({ digest }) => fromHex(digest));
    to.send({ type: 'offer', digests });
  }
}
