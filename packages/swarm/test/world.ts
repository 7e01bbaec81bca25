import { createListeners, createLog, sleep, type LogEntry } from '@tabswarm/base';
import type { Transport } from '@tabswarm/net';
import { createMemoryNetwork, type MemoryNetworkOptions } from '@tabswarm/net/memory';
import type { Identity } from '@tabswarm/protocol/identity';
import { idFromBytes, type NodeId, type Root } from '@tabswarm/protocol/ids';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import { bitfieldBytes, hasBit, setBit } from '../src/bitfield.ts';
import type { FetchEvent } from '../src/events.ts';
import type { Holding, Library } from '../src/library.ts';
import { createSwarm, type Swarm } from '../src/swarm.ts';

export const ROOT = idFromBytes<Root>(new Uint8Array(32).fill(0xab));
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
  /** Removes the share here. */
  remove(): void;
  /** Says what is wanted of it, and whether that is known. */
  choose(priorities: Uint8Array | undefined, options?: { final: boolean }): void;
}

export interface World {
  readonly clock: ManualClock;
  readonly seed: number;
  peer(options?: PeerOptions): Promise<Peer>;
  /** Fetches, turning the clock until it is over; rejects when that takes more than `limitMs` of its time. */
  fetch(
    peer: Peer,
    holders: readonly Peer[],
    options?: { limitMs?: number; signal?: AbortSignal },
  ): Promise<FetchEvent[]>;
}

export interface PeerOptions {
  /** Whose signatures can be verified. Otherwise the ids are 1, 2, 3 and so on, and nobody can sign. */
  readonly identity?: Identity;
  /** Blocks that are here from the start; `true` for all. */
  readonly has?: readonly number[] | true;
  /** What is wanted, as `Holding.priorities`. */
  readonly wants?: Uint8Array;
  /** What it sends instead of a block. */
  readonly lie?: (index: number, block: ArrayBuffer) => ArrayBuffer;
  /** How long it takes to verify and store a block. */
  readonly storeMs?: number;
  /** Thrown instead of storing a block. */
  readonly storeError?: () => Error | undefined;
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
    seed,
    async peer(options = {}) {
      made += 1;
      const identity = options.identity ?? nobody(made);
      const { id } = identity;
      const transport = net.transport(id);
      const entries: LogEntry[] = [];
      const { holding, library, remove, choose } = createFakeLibrary({ blocks, blockBytes }, clock, options);
      const log = createLog((entry) => entries.push(entry));
      const swarm = createSwarm({
        transport,
        identity,
        library,
        clock,
        random: createSeededRandom(seed + made),
        log,
      });
      swarm.start();
      await transport.start();
      return { id, transport, swarm, holding, entries, remove, choose };
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

function nobody(number: number): Identity {
  return {
    id: idFromBytes<NodeId>(new Uint8Array(32).fill(number)),
    publicKey: new Uint8Array(32),
    sign: () => Promise.resolve(new Uint8Array(64)),
  };
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

  const holding: FakeHolding = {
    root: ROOT,
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
      if (!hasBit(have, index)) return Promise.resolve(undefined);
      return Promise.resolve(
        options.lie ? options.lie(index, blockOf(index, blockBytes)) : blockOf(index, blockBytes),
      );
    },
    async putBlock(index, bytes) {
      if (options.storeMs !== undefined) await sleep(clock, options.storeMs);
      offered.set(index, (offered.get(index) ?? 0) + 1);
      const error = options.storeError?.();
      if (error) throw error;
      const right = new Uint8Array(bytes).every((byte) => byte === ((index + 1) & 255));
      if (!right) return 'corrupt';
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
