import { createListeners, createLog, sleep, type LogEntry } from '@tabswarm/base';
import type { Channel, Link, Transport } from '@tabswarm/net';
import { createMemoryNetwork, type MemoryNetworkOptions } from '@tabswarm/net/memory';
import { idFromBytes, type NodeId, type Root } from '@tabswarm/protocol/ids';
import { PART_HEADER_BYTES, swarmMessage } from '@tabswarm/protocol/swarm';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import { bitfieldBytes, hasBit, setBit } from '../src/bitfield.ts';
import type { FetchEvent } from '../src/events.ts';
import type { Holding, Library } from '../src/library.ts';
import { createSwarm, type Swarm } from '../src/swarm.ts';

const ROOT = idFromBytes<Root>(new Uint8Array(32).fill(0xab));
export const BLOCK_BYTES = 100_000;
/** The first blocks, which are wanted before the others. */
export const URGENT_BLOCKS = 2;
const INFO = Uint8Array.of(1, 2, 3).buffer;

/** A share of `count` blocks in the memory of one node: what the vault is in the product. */
export interface FakeHolding extends Holding {
  has(index: number): boolean;
  kept(): number;
  /** Blocks handed over to be verified, with how often. */
  readonly offered: Map<number, number>;
}

export interface Peer {
  readonly id: NodeId;
  readonly transport: Transport;
  readonly swarm: Swarm;
  readonly holding: FakeHolding;
  readonly entries: LogEntry[];
  /** Bytes of answers that arrived, also of those that nobody waited for any more. */
  bytesReceived(): number;
  bytesSent(): number;
  /** Blocks that it has asked for so far. */
  questions(): number;
  /** The blocks that the other one has told this one of. */
  heardOf(other: Peer): Uint8Array;
  /** Removes the share here. */
  remove(): void;
  /** Says what is wanted of it, and whether that is known. */
  choose(priorities: Uint8Array | undefined, options?: { final: boolean }): void;
}

export interface World {
  readonly clock: ManualClock;
  readonly blocks: number;
  readonly seed: number;
  peer(options?: PeerOptions): Promise<Peer>;
  /** Fetches, while somebody else turns the clock. */
  begin(peer: Peer, holders: readonly Peer[]): Fetching;
  /** Fetches, turning the clock until it is over; rejects when that takes more than `limitMs` of its time. */
  fetch(
    peer: Peer,
    holders: readonly Peer[],
    options?: { limitMs?: number; signal?: AbortSignal },
  ): Promise<FetchEvent[]>;
}

export interface Fetching {
  isOver(): boolean;
  /** Gives up what is not here yet. */
  stop(): Promise<void>;
}

export interface PeerOptions {
  /** Blocks that are here from the start; `true` for all. */
  readonly has?: readonly number[] | true;
  /** It gives nothing: asked for a block, it says nothing or that it has none; or it never says that it has any. */
  readonly rides?: 'silent' | 'refusing' | 'hiding';
  /** It was shared from here. */
  readonly isOrigin?: boolean;
  /** What is wanted, as `Holding.priorities`. */
  readonly wants?: Uint8Array;
  /** What it sends instead of a block. */
  readonly lie?: (index: number, block: ArrayBuffer) => ArrayBuffer;
  /** How long it takes to verify and store a block. */
  readonly storeMs?: number;
  /** Thrown instead of storing a block. */
  readonly storeError?: () => Error | undefined;
}

/** By words, as simulations look at gigabytes. */
function isFilledWith(bytes: ArrayBuffer, value: number): boolean {
  const words = new Uint32Array(bytes, 0, bytes.byteLength >> 2);
  const word = (value * 0x01010101) >>> 0;
  for (let at = 0; at < words.length; at += 1) if (words[at] !== word) return false;
  return new Uint8Array(bytes, words.byteLength).every((byte) => byte === value);
}

function blockOf(index: number, bytes: number): ArrayBuffer {
  return new Uint8Array(bytes).fill(index + 1).buffer;
}

export function createWorld(
  blocks: number,
  {
    seed = 1,
    blockBytes = BLOCK_BYTES,
    ...network
  }: { seed?: number; blockBytes?: number } & MemoryNetworkOptions = {},
): World {
  const clock = createManualClock();
  const net = createMemoryNetwork(clock, network);
  let made = 0;
  return {
    clock,
    blocks,
    seed,
    async peer(options = {}) {
      made += 1;
      const id = idFromBytes<NodeId>(new Uint8Array(32).fill(made));
      const transport = net.transport(id);
      const entries: LogEntry[] = [];
      const { holding, library, remove, choose } = createFakeLibrary({ blocks, blockBytes }, clock, options);
      const log = createLog((entry) => entries.push(entry));
      let bytesReceived = 0;
      let bytesSent = 0;
      let questions = 0;
      const heard = new Map<NodeId, Uint8Array>();
      const counted = tap(transport, {
        asked: () => (questions += 1),
        heard(from, indexes) {
          const bits = heard.get(from) ?? new Uint8Array(bitfieldBytes(blocks));
          for (const index of indexes) setBit(bits, index);
          heard.set(from, bits);
        },
        hides: options.rides === 'hiding',
        received: (bytes) => (bytesReceived += bytes),
        sent: (bytes) => (bytesSent += bytes),
      });
      const swarm = createSwarm({
        transport: counted,
        library,
        clock,
        random: createSeededRandom(seed + made),
        log,
      });
      swarm.start();
      await transport.start();
      return {
        id,
        transport,
        swarm,
        holding,
        entries,
        bytesReceived: () => bytesReceived,
        bytesSent: () => bytesSent,
        questions: () => questions,
        heardOf: (other) => heard.get(other.id) ?? new Uint8Array(),
        remove,
        choose,
      };
    },
    begin(peer, holders) {
      let over = false;
      const left = new AbortController();
      const run = (async () => {
        for await (const _ of peer.swarm.fetch(ROOT, ids(holders), { signal: left.signal }));
      })().then(
        () => (over = true),
        (cause: unknown) => {
          if (!left.signal.aborted) throw cause;
        },
      );
      return {
        isOver: () => over,
        async stop() {
          left.abort();
          await run;
        },
      };
    },
    async fetch(peer, holders, { limitMs = 60_000, signal = new AbortController().signal } = {}) {
      const events: FetchEvent[] = [];
      let over = false;
      const run = (async () => {
        for await (const event of peer.swarm.fetch(ROOT, ids(holders), { signal })) events.push(event);
      })().finally(() => {
        over = true;
      });
      run.catch(() => undefined);
      for (let passed = 0; !over; passed += 10) {
        if (passed > limitMs) throw new Error(`not done after ${limitMs} ms (seed ${seed})`);
        await clock.advance(10);
      }
      await run;
      return events;
    },
  };
}

interface Tap {
  /** Nobody hears that there is anything here. */
  readonly hides: boolean;
  /** Told of what goes over bulk channels, without the headers. */
  readonly received: (bytes: number) => void;
  readonly asked: () => void;
  readonly heard: (from: NodeId, indexes: readonly number[]) => void;
  readonly sent: (bytes: number) => void;
}

function tap(transport: Transport, { hides, received, sent, asked, heard }: Tap): Transport {
  const counted = (link: Link): Link => {
    const bulk: Channel = {
      ...link.bulk,
      async send(message, options) {
        await link.bulk.send(message, options);
        sent(message.byteLength - PART_HEADER_BYTES);
      },
      receive: (receiver) =>
        link.bulk.receive((message) => {
          received(message.byteLength - PART_HEADER_BYTES);
          receiver(message);
        }),
    };
    const channel: Link['channel'] = (protocol) => {
      const whole = link.channel(protocol);
      return {
        ...whole,
        async send(bytes, options) {
          const message = swarmMessage.decode(bytes);
          if (message.type === 'askBlock') asked();
          if (!hides) await whole.send(bytes, options);
          else if (message.type === 'join')
            await whole.send(swarmMessage.encode({ ...message, have: new Uint8Array() }), options);
          else if (message.type !== 'have') await whole.send(bytes, options);
        },
        receive: (receiver) =>
          whole.receive((bytes) => {
            const message = swarmMessage.decode(bytes);
            if (message.type === 'join') heard(link.remote, bitsOf(message.have));
            else if (message.type === 'have') heard(link.remote, message.indexes);
            receiver(bytes);
          }),
      };
    };
    return { ...link, bulk, channel };
  };
  return { ...transport, onLink: (listener) => transport.onLink((link) => listener(counted(link))) };
}

function bitsOf(have: Uint8Array): number[] {
  return Array.from({ length: have.byteLength * 8 }, (_, index) => index).filter((index) =>
    hasBit(have, index),
  );
}

async function* ids(peers: readonly Peer[]): AsyncIterable<NodeId> {
  for (const { id } of peers) yield id;
}

function createFakeLibrary(
  { blocks, blockBytes }: { blocks: number; blockBytes: number },
  clock: ManualClock,
  options: PeerOptions,
): { holding: FakeHolding; library: Library } & Pick<Peer, 'remove' | 'choose'> {
  const removals = createListeners<Root>();
  let removed = false;
  const wishes = createListeners<Root>();
  let wanted = options.wants;
  let chosen = true;
  const news = createListeners<{ root: Root; indexes: readonly number[] }>();
  const have = new Uint8Array(bitfieldBytes(blocks));
  const initial = options.has === true ? Array.from({ length: blocks }, (_, i) => i) : (options.has ?? []);
  for (const index of initial) setBit(have, index);
  let informed = options.has !== undefined;
  const offered = new Map<number, number>();
  const made = new Map<number, ArrayBuffer>();

  const holding: FakeHolding = {
    root: ROOT,
    isOrigin: () => options.isOrigin === true,
    offered,
    has: (index) => hasBit(have, index),
    kept: () => Array.from({ length: blocks }, (_, i) => i).filter((i) => hasBit(have, i)).length,
    layout: () =>
      informed
        ? {
            blockLengths: new Uint32Array(blocks).fill(blockBytes),
            urgentBlocks: URGENT_BLOCKS,
            missingHashes: [],
          }
        : undefined,
    have: () => (informed ? have : new Uint8Array()),
    priorities: () => wanted,
    isChosen: () => chosen,
    info: () => Promise.resolve(informed ? INFO : undefined),
    putInfo(bytes) {
      if (new Uint8Array(bytes)[0] !== 1) return Promise.resolve('corrupt');
      informed = true;
      news.emit({ root: ROOT, indexes: [] });
      return Promise.resolve('kept');
    },
    hashes: () => Promise.resolve(undefined),
    putHashes: () => Promise.resolve('kept'),
    block(index) {
      if (options.rides === 'silent') return new Promise(() => undefined);
      if (!hasBit(have, index) || options.rides) return Promise.resolve(undefined);
      if (options.lie) return Promise.resolve(options.lie(index, blockOf(index, blockBytes)));
      const block = made.get(index) ?? blockOf(index, blockBytes);
      made.set(index, block);
      return Promise.resolve(block);
    },
    async putBlock(index, bytes) {
      if (options.storeMs !== undefined) await sleep(clock, options.storeMs);
      offered.set(index, (offered.get(index) ?? 0) + 1);
      const error = options.storeError?.();
      if (error) throw error;
      if (!isFilledWith(bytes, (index + 1) & 255)) return 'corrupt';
      setBit(have, index);
      news.emit({ root: ROOT, indexes: [index] });
      return 'kept';
    },
  };
  return {
    holding,
    remove() {
      removed = true;
      removals.emit(ROOT);
    },
    choose(priorities, { final } = { final: true }) {
      wanted = priorities;
      chosen = final;
      wishes.emit(ROOT);
    },
    library: {
      get: (root) => (root === ROOT && !removed ? holding : undefined),
      onWanted: (listener) => wishes.subscribe(listener),
      onRemoved: (listener) => removals.subscribe(listener),
      onHave: (listener) => news.subscribe(({ root, indexes }) => listener(root, indexes)),
    },
  };
}
