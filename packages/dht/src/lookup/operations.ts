import type { Clock, Log, Random } from '@tabswarm/base';
import {
  MAX_RECORD_LIFETIME_MS,
  providerValue,
  recordFault,
  type DhtOperation,
  type ReplyOutcome,
  type SignedRecord,
} from '@tabswarm/protocol/dht';
import { equalBytes, toHex, type Bytes } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { Id, NodeId, RecordKey, Root } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import { NoNetworkError, NoRouteError, NotStoredError, UnsureError } from '../errors.ts';
import { PATH_BUDGET_MS, READ_PATHS, STORE_PATHS } from '../limits.ts';
import type { Signing } from '../signing.ts';
import type { RecordStore } from '../records/store.ts';
import type { RoutingTable } from '../routing-table/table.ts';
import type { Router } from '../rpc/router.ts';
import { createCollector } from './collector.ts';
import { findNodeOperation, findValueOperation, runLookup, type LookupResult } from './lookup.ts';
import type { LookupPurpose, Tracer, Traces } from './trace.ts';

/** The nodes nearest to an id, and what finding them took. */
export type NodeLookup = LookupResult;

/** A record to be signed as this node. */
export interface RecordInput {
  readonly key: RecordKey;
  /** At most MAX_VALUE_BYTES. */
  readonly value: Bytes;
  /** Tells apart several records under one key, 0 to 15. */
  readonly slot?: number;
  /** Must rise from one version of the record to the next. The current time where absent. */
  readonly sequence?: number;
  /** At most MAX_RECORD_LIFETIME_MS, and that where absent. */
  readonly lifetimeMs?: number;
}

export interface StoreResult {
  readonly record: SignedRecord;
  /** Nodes that keep it, nearest to the key first; this tab may be one of them. */
  readonly holders: readonly NodeId[];
}

/** What can be asked of the overlay, each over a router that exists only while there is a network. */
export interface Operations {
  /** Lookups that are running. */
  running(): number;
  ping(node: NodeId, options: Signalled): Promise<{ hops: number; rttMs: number }>;
  findNode(target: Id, options: Signalled): Promise<NodeLookup>;
  put(input: RecordInput, options: Signalled): Promise<StoreResult>;
  store(record: SignedRecord, options: Signalled): Promise<StoreResult>;
  get(key: RecordKey, options: Signalled): Promise<readonly SignedRecord[]>;
  findProviders(root: Root, options: Signalled): AsyncIterable<NodeId>;
  /** Goes toward a target on a few paths and tells of each node on the way: for those who look for neighbours. */
  explore(
    target: NodeId,
    options: {
      paths: number;
      by?: NodeId | undefined;
      signal: AbortSignal;
      onNodes: (nodes: readonly NodeId[], via: NodeId) => void;
    },
  ): Promise<void>;
}

interface Signalled {
  readonly signal?: AbortSignal | undefined;
}

export interface OperationsParts {
  readonly table: RoutingTable;
  readonly store: RecordStore;
  readonly signing: Signing;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Throws a NoNetworkError. */
  readonly router: () => Router;
  readonly traces: Traces;
  readonly onChange: () => void;
}

interface ReadOptions {
  readonly purpose: LookupPurpose;
  readonly paths: number;
  readonly signal: AbortSignal;
  /** Called after the last record. */
  readonly onEnd?: (result: LookupResult) => void;
}

const LOOKUP_NAME_BYTES = 8;
/** The node has just answered, so it is there; what was in the way may not be in the next one. */
const MAX_STORE_TRIES = 2;

export function createOperations(parts: OperationsParts): Operations {
  const { table, store, signing, identity, clock, random, log, traces, onChange } = parts;
  let running = 0;

  const lookup = async (
    tracer: Tracer | undefined,
    operation: Parameters<typeof runLookup>[1],
    options: Parameters<typeof runLookup>[2],
  ): Promise<LookupResult> => {
    const router = parts.router();
    running += 1;
    tracer?.start();
    onChange();
    try {
      const result = await runLookup({ table, router, clock, random }, operation, { ...options, tracer });
      tracer?.end(result.nodes);
      return result;
    } catch (cause) {
      tracer?.end();
      throw cause;
    } finally {
      running -= 1;
      onChange();
    }
  };

  const ask = (to: NodeId, operation: DhtOperation, signal: AbortSignal) =>
    parts
      .router()
      .request(
        { lookup: random.bytes(LOOKUP_NAME_BYTES), to, operation, budget: PATH_BUDGET_MS },
        { signal },
      );

  const storeAt = async (node: NodeId, record: SignedRecord, signal: AbortSignal): Promise<ReplyOutcome> => {
    if (node === table.self) return store.put(record);
    for (let tries = 0; tries < MAX_STORE_TRIES; tries += 1) {
      const carried = await ask(node, { type: 'store', record: record.bytes }, signal);
      if (carried) return carried.answer.outcome;
    }
    return 'unreachable';
  };

  const storeRecord = async (record: SignedRecord, signal: AbortSignal): Promise<StoreResult> => {
    const tracer = traces.trace('store', record.key);
    const found = await lookup(tracer, findNodeOperation(record.key), { paths: STORE_PATHS, signal });
    const nodes = [...found.nodes, ...found.behind];
    const outcomes = await Promise.all(nodes.map((node) => storeAt(node, record, signal)));
    const holders = nodes.filter((_, at) => outcomes[at] === 'ok');
    tracer?.kept(holders.length);
    const elsewhere = holders.some((node) => node !== table.self);
    if (!elsewhere) throw new NotStoredError(outcomes.find((outcome) => outcome !== 'ok') ?? 'unreachable');
    return { record, holders };
  };

  /** The record in `raw`, or undefined where it is not one that counts now. */
  const check = async (raw: Bytes, key: RecordKey): Promise<SignedRecord | undefined> => {
    try {
      const record = await signing.open(raw);
      return record.key === key && !recordFault(record, clock.now()) ? record : undefined;
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      // One of those who answered lies, or was lied to; the others are still worth hearing.
      log.debug('a record in an answer is not valid', { code: cause.code });
      return undefined;
    }
  };

  /** The newest records under a key, as they come in: our own first, then those of the network. */
  const findValue = (
    key: RecordKey,
    { purpose, paths, signal, onEnd }: ReadOptions,
  ): AsyncIterable<SignedRecord> =>
    createCollector<SignedRecord>(signal, async (emit, inner) => {
      const tracer = traces.trace(purpose, key);
      const newest = new Map<string, SignedRecord>();
      const checking = new Set<string>();
      const work: Promise<void>[] = [];
      const take = (record: SignedRecord): void => {
        const name = `${record.author} ${record.slot}`;
        if ((newest.get(name)?.sequence ?? -1) >= record.sequence) return;
        if (!newest.has(name)) tracer?.found();
        newest.set(name, record);
        emit(record);
      };
      const onRecords = (raws: readonly Bytes[]): void => {
        for (const raw of raws) {
          const name = toHex(raw);
          // All holders send the same records; each is checked once.
          if (checking.has(name)) continue;
          checking.add(name);
          work.push(check(raw, key).then((record) => record && take(record)));
        }
      };
      for (const record of store.get(key)) take(record);
      const result = await lookup(tracer, findValueOperation(key), { paths, signal: inner, onRecords });
      await Promise.all(work);
      onEnd?.(result);
    });

  return {
    running: () => running,
    async ping(node, { signal = neverAborted() }) {
      const start = clock.now();
      const carried = await ask(node, { type: 'ping' }, signal);
      if (!carried) throw new NoRouteError(node);
      return { hops: carried.answer.hops, rttMs: clock.now() - start };
    },
    findNode: (target, { signal = neverAborted() }) =>
      lookup(traces.trace('find-nodes', target), findNodeOperation(target), { paths: READ_PATHS, signal }),
    async put(input, { signal = neverAborted() }) {
      // Clocks may count fractions; records do not.
      const issued = Math.floor(clock.now());
      const { key, value, slot = 0, sequence = issued, lifetimeMs = MAX_RECORD_LIFETIME_MS } = input;
      const expires = issued + lifetimeMs;
      const record = await signing.seal(identity, { key, value, slot, sequence, issued, expires });
      store.put(record, { own: true });
      return storeRecord(record, signal);
    },
    store: (record, { signal = neverAborted() }) => storeRecord(record, signal),
    async get(key, { signal = neverAborted() }) {
      const newest = new Map<string, SignedRecord>();
      let sure = true;
      try {
        const options = {
          purpose: 'find-records',
          paths: READ_PATHS,
          signal,
          onEnd(result: LookupResult) {
            ({ sure } = result);
          },
        } as const;
        for await (const record of findValue(key, options)) {
          newest.set(`${record.author} ${record.slot}`, record);
        }
      } catch (cause) {
        if (!(cause instanceof NoNetworkError) || newest.size === 0) throw cause;
      }
      if (!sure) throw new UnsureError([...newest.values()]);
      return [...newest.values()];
    },
    async *findProviders(root, { signal = neverAborted() }) {
      const found = new Set<NodeId>();
      const options = { purpose: 'find-holders', paths: STORE_PATHS, signal } as const;
      for await (const record of findValue(await signing.providerKey(root), options)) {
        if (found.has(record.author)) continue;
        if (!isProvidedBy(record, await signing.holderProof(root, record.author))) continue;
        found.add(record.author);
        yield record.author;
      }
    },
    async explore(target, { paths, by, signal, onNodes }) {
      if (table.size === 0) return;
      // What is found is dialed before it is believed, so nobody has to be asked by name.
      const options = { paths, by, converge: false, signal, onNodes };
      await lookup(traces.trace('maintain', target), findNodeOperation(target), options);
    },
  };
}

/** Anybody may put anything under a provider key; what does not prove to know the root is passed over. */
function isProvidedBy(record: SignedRecord, proof: Bytes): boolean {
  try {
    const value = providerValue.decode(record.value);
    return value.type === 'providing' && equalBytes(value.proof, proof);
  } catch (cause) {
    if (cause instanceof ProtocolError) return false;
    throw cause;
  }
}

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}
