import { createLog, type LogEntry } from '@tabswarm/base';
import type { Channel, Link, Transport } from '@tabswarm/net';
import { createMemoryNetwork, type MemoryNetworkOptions } from '@tabswarm/net/memory';
import { generateIdentityKeys, identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { PART_HEADER_BYTES, swarmMessage } from '@tabswarm/protocol/swarm';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import { bitfieldBytes, hasBit, setBit } from '../src/bitfield.ts';
import type { BanBook } from '../src/bans.ts';
import type { FetchEvent } from '../src/events.ts';
import { createSwarm, type Swarm } from '../src/swarm.ts';
import { createFakeLibrary, ROOT, type FakeLibrary, type HoldingOptions } from './fake-library.ts';

export { OTHER_ROOT, ROOT, rootOf, URGENT_BLOCKS } from './fake-library.ts';
export const BLOCK_BYTES = 100_000;

export interface Peer extends Omit<FakeLibrary, 'library'> {
  readonly id: NodeId;
  readonly identity: Identity;
  readonly transport: Transport;
  readonly swarm: Swarm;
  readonly entries: LogEntry[];
  /** Bytes of answers that arrived, also of those that nobody waited for any more. */
  bytesReceived(): number;
  bytesSent(): number;
  /** Blocks that it has asked for so far, and in how many messages. */
  questions(): number;
  askingMessages(): number;
  /** The blocks that the other one has told this one of. */
  heardOf(other: Peer): Uint8Array;
}

/** Whoever is said to hold the share. */
export type Announced = Pick<Peer, 'id'>;

export interface World {
  readonly clock: ManualClock;
  readonly blocks: number;
  readonly seed: number;
  peer(options?: PeerOptions): Promise<Peer>;
  /** Fetches, while somebody else turns the clock. */
  begin(peer: Peer, holders: readonly Announced[]): Fetching;
  /** A node that says nothing by itself. */
  mute(): Promise<Transport>;
  /** As `MemoryNetwork.vanish`. */
  vanish(node: NodeId, noticedAfterMs: number): void;
  /** Fetches, turning the clock until it is over; rejects when that takes more than `limitMs` of its time. */
  fetch(
    peer: Peer,
    holders: readonly Announced[],
    options?: { root?: Root; limitMs?: number; signal?: AbortSignal },
  ): Promise<FetchEvent[]>;
}

export interface Fetching {
  isOver(): boolean;
  /** Gives up what is not here yet. */
  stop(): Promise<void>;
}

export interface PeerOptions extends HoldingOptions {
  /** The same node as one before, in a page that was loaded anew. */
  readonly identity?: Identity;
  readonly bans?: BanBook;
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
    async mute() {
      const { id } = await identityFromKeys(await generateIdentityKeys());
      const transport = net.transport(id);
      await transport.start();
      return transport;
    },
    vanish: (node, noticedAfterMs) => net.vanish(node, noticedAfterMs),
    async peer(options = {}) {
      made += 1;
      const { identity = await identityFromKeys(await generateIdentityKeys()), bans } = options;
      const { id } = identity;
      const transport = net.transport(id);
      const entries: LogEntry[] = [];
      const { library, ...share } = createFakeLibrary({ blocks, blockBytes }, clock, options);
      const log = createLog((entry) => entries.push(entry));
      let bytesReceived = 0;
      let bytesSent = 0;
      let questions = 0;
      let askingMessages = 0;
      const heard = new Map<NodeId, Uint8Array>();
      const counted = tap(transport, {
        asked(blocks) {
          questions += blocks;
          askingMessages += 1;
        },
        heard(from, indexes) {
          const bits = heard.get(from) ?? new Uint8Array(bitfieldBytes(blocks));
          for (const index of indexes) setBit(bits, index);
          heard.set(from, bits);
        },
        hides: options.rides === 'hiding',
        received: (bytes) => (bytesReceived += bytes),
        sent: (bytes) => (bytesSent += bytes),
      });
      const random = createSeededRandom(seed + made);
      const swarm = createSwarm({ transport: counted, library, bans, identity, clock, random, log });
      swarm.start();
      await transport.start();
      return {
        id,
        identity,
        transport,
        swarm,
        entries,
        bytesReceived: () => bytesReceived,
        bytesSent: () => bytesSent,
        questions: () => questions,
        askingMessages: () => askingMessages,
        heardOf: (other) => heard.get(other.id) ?? new Uint8Array(),
        ...share,
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
    async fetch(
      peer,
      holders,
      { root = ROOT, limitMs = 60_000, signal = new AbortController().signal } = {},
    ) {
      const events: FetchEvent[] = [];
      let over = false;
      const run = (async () => {
        for await (const event of peer.swarm.fetch(root, ids(holders), { signal })) events.push(event);
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
  readonly asked: (blocks: number) => void;
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
          if (message.type === 'askBlock') asked(1);
          else if (message.type === 'askBlocks') asked(message.indexes.length);
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

async function* ids(peers: readonly Announced[]): AsyncIterable<NodeId> {
  for (const { id } of peers) yield id;
}
