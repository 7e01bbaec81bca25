import type { Clock, Log, Random, State } from '@tabswarm/base';
import type { Transport } from '@tabswarm/net';
import type { SignedRecord } from '@tabswarm/protocol/dht';
import type { Id, NodeId, RecordKey, Root } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import { NoNetworkError } from './errors.ts';
import { MAX_RECORDS } from './limits.ts';
import {
  createOperations,
  type NodeLookup,
  type RecordInput,
  type StoreResult,
} from './lookup/operations.ts';
import { createTraces } from './lookup/trace.ts';
import { createOverlay, type Overlay } from './overlay.ts';
import { webCryptoSigning, type Signing } from './signing.ts';
import { createPublisher, type Provision } from './records/publisher.ts';
import { createRecordStore } from './records/store.ts';
import { createContacts } from './routing-table/contacts.ts';
import { checkedPolicy, DEFAULT_LINK_POLICY, type LinkPolicy } from './routing-table/link-policy.ts';
import { createBackoff } from './routing-table/backoff.ts';
import { createRoutingTable } from './routing-table/table.ts';
import { createSnapshots, type DhtSnapshot } from './snapshot.ts';

/** This tab as a node of the overlay. */
export interface Dht {
  readonly self: NodeId;
  readonly state: State<DhtSnapshot>;
  /** Takes part over the transport's links, those already open included. The transport is started by its owner. */
  start(): Promise<void>;
  /** Says goodbye: all links are closed with the reason `leaving`. Records of ours stay where they are. */
  stop(): Promise<void>;
  /** Nodes that an introducer names. They are dialed as far as the overlay wants links. */
  addContacts(nodes: Iterable<NodeId>, options?: { via?: NodeId }): void;
  /** The machine has slept, or is back on a network: what could not be reached before is worth another try now. */
  wake(): void;
  /** Whether that node answers over open links, and how far it is. Throws a NoRouteError or a NoNetworkError. */
  ping(node: NodeId, options?: { signal?: AbortSignal }): Promise<{ hops: number; rttMs: number }>;
  /** The nodes nearest to an id. Throws a NoNetworkError. */
  findNode(target: Id, options?: { signal?: AbortSignal }): Promise<NodeLookup>;
  /** Signs a record and stores it at the nodes nearest to its key. Throws a NoNetworkError or a NotStoredError. */
  put(record: RecordInput, options?: { signal?: AbortSignal }): Promise<StoreResult>;
  /**
   * The records under a key, of each author and slot the newest. Throws a NoNetworkError where neither a neighbour nor
   * this tab itself has any to give, and an UnsureError where too few that keep them answered.
   */
  get(key: RecordKey, options?: { signal?: AbortSignal }): Promise<readonly SignedRecord[]>;
  /** Announces that this tab holds blocks of a share, as soon as there is a network, until stopped. */
  provide(root: Root): Provision;
  /**
   * The holders of a share, each once, as they are found; ends when the lookup is complete. This tab is among them where
   * it provides. Without a network it gives what this tab knows and then throws a NoNetworkError.
   */
  findProviders(root: Root, options?: { signal?: AbortSignal }): AsyncIterable<NodeId>;
}

export interface DhtCollaborators {
  readonly transport: Transport;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface DhtOptions {
  /** Records kept for others. */
  readonly maxRecords?: number;
  /** How many links to keep. */
  readonly links?: LinkPolicy;
  /** Links that must not be closed as surplus, because blocks travel on them. */
  readonly isLinkInUse?: (node: NodeId) => boolean;
  /** How records and answers are signed and checked; simulations replace it. */
  readonly signing?: Signing;
}

export function createDht(collaborators: DhtCollaborators, options: DhtOptions = {}): Dht {
  const { transport, identity, clock, random } = collaborators;
  const log = collaborators.log.scoped('dht');
  const signing = options.signing ?? webCryptoSigning;
  const policy = checkedPolicy(options.links ?? DEFAULT_LINK_POLICY);
  const { self } = transport;
  if (self !== identity.id) throw new RangeError('a transport of another identity');
  const table = createRoutingTable(self);
  const contacts = createContacts(self, clock);
  const backoff = createBackoff(clock);
  const onChange = (): void => snapshots.touch();
  const store = createRecordStore(self, clock, { maxRecords: options.maxRecords ?? MAX_RECORDS, onChange });
  let overlay: Overlay | undefined;

  const traces = createTraces(clock, { isWatched: () => snapshots.watched, onChange });
  const operations = createOperations({
    table,
    store,
    signing,
    identity,
    clock,
    random,
    log,
    traces,
    onChange,
    router: () => {
      if (!overlay || table.size === 0) throw new NoNetworkError();
      return overlay.router;
    },
  });
  const publisher = createPublisher({
    clock,
    random,
    log,
    onChange,
    keyOf: (root) => signing.providerKey(root),
    proofOf: (root) => signing.holderProof(root, self),
    seal: (draft) => signing.seal(identity, draft),
    keep: (record) => store.put(record, { own: true }),
    store: async (record, { signal }) => (await operations.store(record, { signal })).holders,
  });

  const snapshots = createSnapshots(clock, () => ({
    state: overlay ? (table.size > 0 ? 'linked' : 'alone') : 'stopped',
    buckets: [...table.buckets()]
      .toSorted(([a], [b]) => a - b)
      .map(([bucket, held]) => ({ bucket, nodes: [...held].map(({ id }) => id) })),
    links: table.size,
    contacts: contacts.size,
    records: store.size,
    provided: publisher.roots(),
    lookups: operations.running(),
    traces: traces.all(),
  }));

  return {
    self,
    state: snapshots.state,
    start() {
      if (overlay) return Promise.resolve();
      overlay = createOverlay({
        transport,
        table,
        contacts,
        backoff,
        policy,
        store,
        signing,
        publisher,
        identity,
        clock,
        random,
        log,
        onChange,
        isLinkInUse: options.isLinkInUse ?? (() => false),
        explore: (target, how) => operations.explore(target, how),
      });
      publisher.resume();
      snapshots.flush();
      return Promise.resolve();
    },
    stop() {
      if (!overlay) return Promise.resolve();
      publisher.pause();
      overlay.leave();
      overlay = undefined;
      snapshots.flush();
      return Promise.resolve();
    },
    addContacts: (nodes, { via } = {}) => overlay?.addContacts(nodes, via),
    wake: () => overlay?.wake(),
    ping: (node, { signal } = {}) => operations.ping(node, { signal }),
    findNode: (target, { signal } = {}) => operations.findNode(target, { signal }),
    put: (record, { signal } = {}) => operations.put(record, { signal }),
    get: (key, { signal } = {}) => operations.get(key, { signal }),
    provide: (root) => publisher.provide(root),
    findProviders: (root, { signal } = {}) => operations.findProviders(root, { signal }),
  };
}
