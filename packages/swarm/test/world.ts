import { createLog, type LogEntry } from '@tabswarm/base';
import type { Transport } from '@tabswarm/net';
import { createMemoryNetwork, type MemoryNetworkOptions } from '@tabswarm/net/memory';
import { generateIdentityKeys, identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
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
}

export interface World {
  readonly clock: ManualClock;
  readonly seed: number;
  peer(options?: PeerOptions): Promise<Peer>;
  /** A node that says nothing by itself. */
  mute(): Promise<Transport>;
  /** As `MemoryNetwork.vanish`. */
  vanish(node: NodeId, noticedAfterMs: number): void;
  /** Fetches, turning the clock until it is over; rejects when that takes more than `limitMs` of its time. */
  fetch(
    peer: Peer,
    holders: readonly Peer[],
    options?: { root?: Root; limitMs?: number; signal?: AbortSignal },
  ): Promise<FetchEvent[]>;
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
      const random = createSeededRandom(seed + made);
      const swarm = createSwarm({ transport, library, bans, identity, clock, random, log });
      swarm.start();
      await transport.start();
      return { id, identity, transport, swarm, entries, ...share };
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

async function* ids(peers: readonly Peer[]): AsyncIterable<NodeId> {
  for (const { id } of peers) yield id;
}
