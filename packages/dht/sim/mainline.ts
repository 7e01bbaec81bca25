import { randomInt, type Random } from '@tabswarm/base';
import { fromHex } from '@tabswarm/protocol/bytes';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { createSeededRandom } from '@tabswarm/testkit';
import { Client, type Address } from 'bittorrent-dht';
import { createSimulationClock, type SimulationClock } from './clock.ts';
import { takeOverTime } from './mainline-clock.ts';
import { createDatagramNetwork, type NodeSocket } from './mainline-sockets.ts';
import type { Meter } from './tap.ts';
import { createTerrain } from './terrain.ts';
import type { Sample } from './workload.ts';

/** One node of the BitTorrent network. */
export interface MainlineMember {
  readonly address: Address;
  readonly honest: boolean;
  readonly bornAt: number;
  readonly meter: Meter;
  announce(infoHash: string): void;
  /** Whether `provider` is among the peers, and what it cost. */
  lookUp(infoHash: string, provider: Address): Promise<Sample>;
  leave(): void;
  links(): number;
}

/** A network of bittorrent-dht, on the same terrain and with the same comings and goings as the overlay's. */
export interface MainlinePopulation {
  readonly clock: SimulationClock;
  readonly random: Random;
  members(): readonly MainlineMember[];
  honest(): readonly MainlineMember[];
  any(of?: readonly MainlineMember[]): MainlineMember;
  /** There are none. */
  mostLinks(): number;
  dialsOfLookups(): number;
  join(honest?: boolean): void;
  leave(member: MainlineMember): void;
  grow(count: number, overMs: number, honest: (index: number) => boolean): Promise<void>;
  randomInfoHash(): string;
}

/** As many as a newcomer to the overlay is introduced to. */
const INTRODUCED = 8;
const GRAIN_MS = 5;
/** As long as a BitTorrent client waits (torrent-discovery). */
const ANNOUNCE_EVERY_MS = 15 * 60_000;
const INFO_HASH_DIGITS = 40;

/** `unconnectable`: the share of pairs whose datagrams never arrive. Takes over the timers of this process. */
export function createMainlinePopulation(seed: number, unconnectable: number): MainlinePopulation {
  const random = createSeededRandom(seed);
  const clock = createSimulationClock({ grainMs: GRAIN_MS });
  takeOverTime(clock, createSeededRandom(seed + 1));
  // Nothing is sent again here: what is lost is up to the sockets.
  const terrain = createTerrain(random, { unconnectable, loss: 0 });
  const network = createDatagramNetwork(clock, terrain, random);
  let all: readonly MainlineMember[] = [];
  let good: readonly MainlineMember[] = [];

  const any = (of = all): MainlineMember => {
    const one = of[randomInt(random, of.length)];
    if (!one) throw new Error('nobody is there');
    return one;
  };

  const join = (honest = true): void => {
    const id = idFromBytes<NodeId>(random.bytes(32));
    const meter: Meter = { messages: 0, bytes: 0, dials: 0, dialsOfLookups: 0, mostLinks: 0 };
    const socket = network.socket(id, meter, !honest);
    const introduced = Array.from({ length: Math.min(INTRODUCED, all.length) }, () => any().address);
    const member = createMember(clock, { id, socket, meter, honest, introduced });
    all = [...all, member];
    if (honest) good = [...good, member];
  };

  return {
    clock,
    random,
    members: () => all,
    honest: () => good,
    any,
    mostLinks: () => 0,
    dialsOfLookups: () => 0,
    join,
    leave(member) {
      all = all.filter((one) => one !== member);
      good = good.filter((one) => one !== member);
      member.leave();
    },
    async grow(count, overMs, honest) {
      const began = clock.now();
      for (let i = 0; i < count; i += 1) {
        const due = began + (overMs * i) / count;
        if (due > clock.now()) await clock.advance(Math.ceil(due - clock.now()));
        join(honest(i));
      }
      await clock.advance(Math.max(0, began + overMs - clock.now()));
    },
    randomInfoHash: () => idFromBytes(random.bytes(32)).slice(0, INFO_HASH_DIGITS),
  };
}

interface Birth {
  readonly id: NodeId;
  readonly socket: NodeSocket;
  readonly meter: Meter;
  readonly honest: boolean;
  readonly introduced: readonly Address[];
}

function createMember(
  clock: SimulationClock,
  { id, socket, meter, honest, introduced }: Birth,
): MainlineMember {
  const client = new Client({
    nodeId: id.slice(0, INFO_HASH_DIGITS),
    bootstrap: introduced.length > 0 && introduced,
    socket,
  });
  // Both tell of answers that came too late, which is no matter here.
  client.on('error', () => undefined);
  client.on('warning', () => undefined);
  client.listen();
  const { address: host, port } = socket.address();
  const running = new Set<() => void>();
  let gone = false;

  const announce = (infoHash: string): void => {
    if (gone) return;
    // Where nobody could be asked, the next time does.
    client.announce(infoHash, port, () => undefined);
    clock.after(ANNOUNCE_EVERY_MS, () => announce(infoHash));
  };

  return {
    address: { host, port },
    honest,
    bornAt: clock.now(),
    meter,
    announce,
    lookUp(infoHash, provider) {
      const start = clock.now();
      const bytes = fromHex(infoHash);
      const stop = socket.watch(bytes);
      let firstMs: number | undefined;
      const onPeer = (peer: Address, of: Uint8Array): void => {
        if (peer.host !== provider.host || !bytes.every((byte, i) => of[i] === byte)) return;
        firstMs ??= clock.now() - start;
      };
      client.on('peer', onPeer);
      return new Promise((resolve) => {
        const finish = (): void => {
          if (!running.delete(finish)) return;
          client.removeListener('peer', onPeer);
          const found = firstMs !== undefined;
          resolve({ found, ms: clock.now() - start, firstMs, hops: 0, messages: stop() });
        };
        running.add(finish);
        client.lookup(infoHash, finish);
      });
    },
    leave() {
      gone = true;
      client.destroy();
      // A client that is destroyed never ends its lookups.
      for (const finish of running) finish();
    },
    links: () => 0,
  };
}
