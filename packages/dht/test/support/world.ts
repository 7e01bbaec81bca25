import { silentLog, type Log, type Random } from '@tabswarm/base';
import type { Channel, Link, Transport } from '@tabswarm/net';
import { createMemoryNetwork, type MemoryNetwork, type MemoryNetworkOptions } from '@tabswarm/net/memory';
import { concat, fromBase64Url, fromHex } from '@tabswarm/protocol/bytes';
import { dhtMessage, type DhtMessage } from '@tabswarm/protocol/dht';
import { idFromBytes, type Id, type NodeId, type RecordKey, type Root } from '@tabswarm/protocol/ids';
import { identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import { createSeededRandom, seedFrom } from '@tabswarm/testkit';
import { onTestFailed } from 'vitest';
import { closest } from '../../src/distance.ts';
import { createDht, webCryptoSigning, type Dht, type DhtOptions, type Signing } from '../../src/index.ts';
import { createSimulationClock, type SimulationClock } from '../../sim/clock.ts';

/** One tab of a simulated network. */
export interface Tab {
  readonly id: NodeId;
  readonly identity: Identity;
  readonly transport: Transport;
  readonly dht: Dht;
  /** Times that this tab dialed one that is there; those that were lost are dialed now and then whatever happens. */
  dials(): number;
  /** Whom it named as being able to introduce it. */
  readonly vias: readonly NodeId[];
}

export interface World {
  readonly seed: number;
  readonly random: Random;
  readonly clock: SimulationClock;
  readonly tabs: Tab[];
  /** Messages sent so far, by type. */
  readonly sent: Map<DhtMessage['type'], number>;
  readonly network: MemoryNetwork;
  addTab(options?: DhtOptions): Promise<Tab>;
  /** A network of `count` tabs, each of which knew one earlier tab. */
  grow(count: number): Promise<readonly Tab[]>;
  remove(tab: Tab): Promise<void>;
  /** The tab vanishes: its links are lost without a word. */
  crash(tab: Tab): Promise<void>;
  dials(): number;
  messages(): number;
  key(): RecordKey;
  root(): Root;
  /** The tabs nearest to a key, by brute force. */
  nearest(key: Id, count?: number): NodeId[];
  /** Tabs that keep any record, in order of their ids. */
  keeping(): NodeId[];
}

export interface WorldOptions extends Pick<MemoryNetworkOptions, 'connectable' | 'drops' | 'latencyMs'> {
  readonly seed?: number | undefined;
  readonly log?: Log;
}

/** Of the environment where it is set, so that a failure can be run again. */
const SEED = seedFrom(
  (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env['SEED'],
);

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const seed = options.seed ?? SEED;
  const random = createSeededRandom(seed);
  const clock = createSimulationClock();
  const network = createMemoryNetwork(clock, options);
  const sent = new Map<DhtMessage['type'], number>();
  const tabs: Tab[] = [];
  let made = 0;
  /** One after another: threads finish in any order, and a run must be the same each time. */
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = Promise.allSettled([result]);
    return clock.busy(result);
  };
  const signing: Signing = {
    seal: (identity, draft) => inTurn(() => webCryptoSigning.seal(identity, draft)),
    open: (raw) => inTurn(() => webCryptoSigning.open(raw)),
    prove: (identity, answer) => inTurn(() => webCryptoSigning.prove(identity, answer)),
    provenBy: (proof, answer) => inTurn(() => webCryptoSigning.provenBy(proof, answer)),
    providerKey: (root) => inTurn(() => webCryptoSigning.providerKey(root)),
    holderProof: (root, node) => inTurn(() => webCryptoSigning.holderProof(root, node)),
  };

  const world: World = {
    seed,
    random,
    clock,
    tabs,
    sent,
    network,
    async addTab(dhtOptions = {}) {
      const identity = await seededIdentity(random);
      let dials = 0;
      const vias: NodeId[] = [];
      const transport = watched(network.transport(identity.id), {
        onDial(node, via) {
          if (tabs.some(({ id }) => id === node)) dials += 1;
          if (via) vias.push(via);
        },
        onSend: (raw) => {
          const { type } = dhtMessage.decode(raw);
          sent.set(type, (sent.get(type) ?? 0) + 1);
        },
      });
      made += 1;
      const own = createSeededRandom(seed + made);
      const log = options.log ?? silentLog;
      const dht = createDht(
        { transport, identity, clock, random: own, log: log.scoped(identity.id.slice(0, 4)) },
        { signing, ...dhtOptions },
      );
      await transport.start();
      await dht.start();
      const tab: Tab = { id: identity.id, identity, transport, dht, vias, dials: () => dials };
      tabs.push(tab);
      return tab;
    },
    async grow(count) {
      for (let i = 0; i < count; i += 1) {
        const known = tabs[Math.floor(random.number() * tabs.length)];
        const tab = await world.addTab();
        if (known) tab.dht.addContacts([known.id]);
        await clock.advance(1_000);
      }
      await clock.advance(10_000);
      return tabs;
    },
    async remove(tab) {
      tabs.splice(tabs.indexOf(tab), 1);
      await tab.dht.stop();
      await tab.transport.stop();
    },
    async crash(tab) {
      tabs.splice(tabs.indexOf(tab), 1);
      for (const link of tab.transport.links()) network.sever(tab.id, link.remote);
      await tab.dht.stop();
      await tab.transport.stop();
    },
    dials: () => tabs.reduce((sum, tab) => sum + tab.dials(), 0),
    messages: () => [...sent.values()].reduce((sum, count) => sum + count, 0),
    key: () => idFromBytes<RecordKey>(random.bytes(32)),
    root: () => idFromBytes<Root>(random.bytes(32)),
    nearest: (key, count = 8) =>
      closest(
        key,
        tabs.map(({ id }) => id),
        count,
      ),
    keeping: () =>
      tabs
        .filter(({ dht }) => dht.state.get().records > 0)
        .map(({ id }) => id)
        .toSorted(),
  };
  onTestFailed(() => {
    // oxlint-disable-next-line no-console -- the one thing that a failed run must leave behind
    console.error(`to run this again: SEED=${seed}`);
  });
  return world;
}

export function tabAt(world: World, index: number): Tab {
  const tab = world.tabs[index];
  if (!tab) throw new Error(`there is no tab ${index}`);
  return tab;
}

/** DER of an Ed25519 private key (RFC 8410, section 7) up to its 32 bytes. */
const PKCS8_PREFIX = fromHex('302e020100300506032b657004220420');

/** A real identity whose key pair comes from the seed, so that ids and signatures are the same in every run. */
export async function seededIdentity(random: Random): Promise<Identity> {
  const der = concat(PKCS8_PREFIX, random.bytes(32));
  const privateKey = await crypto.subtle.importKey('pkcs8', der, 'Ed25519', true, ['sign']);
  const { x } = await crypto.subtle.exportKey('jwk', privateKey);
  const raw = fromBase64Url(x ?? '');
  const publicKey = await crypto.subtle.importKey('raw', raw, 'Ed25519', true, ['verify']);
  return identityFromKeys({ privateKey, publicKey });
}

interface Watcher {
  readonly onDial: (node: NodeId, via: NodeId | undefined) => void;
  readonly onSend: (message: Uint8Array) => void;
}

/** The transport as it is, with somebody looking on. */
function watched(transport: Transport, { onDial, onSend }: Watcher): Transport {
  const wrapped = new WeakMap<Link, Link>();
  const wrap = (link: Link): Link => {
    const known = wrapped.get(link);
    if (known) return known;
    const channel = link.channel('dht');
    const dht: Channel = {
      maxBytes: channel.maxBytes,
      receive: (receiver) => channel.receive(receiver),
      send(message, options) {
        onSend(message);
        return channel.send(message, options);
      },
    };
    const watching: Link = {
      remote: link.remote,
      bulk: link.bulk,
      closed: link.closed,
      stats: () => link.stats(),
      close: (reason) => link.close(reason),
      channel: (protocol) => (protocol === 'dht' ? dht : link.channel(protocol)),
    };
    wrapped.set(link, watching);
    return watching;
  };
  return {
    self: transport.self,
    links: () => transport.links().map(wrap),
    link(node) {
      const link = transport.link(node);
      return link && wrap(link);
    },
    async dial(node, options) {
      onDial(node, options?.via);
      return wrap(await transport.dial(node, options));
    },
    onLink: (listener) => transport.onLink((link) => listener(wrap(link))),
    start: () => transport.start(),
    stop: () => transport.stop(),
  };
}
