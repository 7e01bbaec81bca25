import { randomInt, silentLog, type Random } from '@tabswarm/base';
import type { Link } from '@tabswarm/net';
import { createMemoryNetwork, type MemoryNetwork } from '@tabswarm/net/memory';
import { idFromBytes, type Id, type NodeId } from '@tabswarm/protocol/ids';
import type { Identity } from '@tabswarm/protocol/identity';
import { createSeededRandom } from '@tabswarm/testkit';
import { closest } from '../src/distance.ts';
import { createDht, type Dht, type LinkPolicy, type Signing } from '../src/index.ts';
import { createCauses, type Causes } from './causes.ts';
import { createSimulationClock, type SimulationClock } from './clock.ts';
import { simulatedIdentity, simulatedSigning } from './signing.ts';
import { createLookupTap, tapped, type LookupTap, type Meter } from './tap.ts';
import { createTerrain, type Terrain } from './terrain.ts';

/** One node of a simulated network: the real overlay, perhaps with a bad character in front of it. */
export interface Member {
  readonly id: NodeId;
  readonly identity: Identity;
  readonly dht: Dht;
  readonly honest: boolean;
  readonly bornAt: number;
  readonly meter: Meter;
  /** Told of each 8-byte name that is drawn: that of a lookup, before its first request. */
  onName: ((name: Uint8Array) => void) | undefined;
  links(): number;
}

/** Deals with a message before the real overlay sees it; true where that is all that happens to it. */
export type Behaviour = (message: Uint8Array<ArrayBuffer>, link: Link, self: Member) => boolean;

export interface Population {
  readonly seed: number;
  readonly clock: SimulationClock;
  readonly random: Random;
  readonly terrain: Terrain;
  readonly tap: LookupTap;
  /** What follows from lookups. */
  readonly causes: Causes;
  /** All that are there now. */
  members(): readonly Member[];
  honest(): readonly Member[];
  any(of?: readonly Member[]): Member;
  /** A newcomer, introduced to a few of those that are there, as by a signaling server. */
  join(options?: { identity?: Identity; behaviour?: Behaviour | undefined }): Member;
  /** With a goodbye, or as a tab that was killed. */
  leave(member: Member, how: 'goodbye' | 'vanish'): void;
  /** Until there are `count`, over so many milliseconds. */
  grow(count: number, overMs: number, behaviour?: (index: number) => Behaviour | undefined): Promise<void>;
  /** Loses all links between members on different sides, and lets none be made. */
  split(side: (node: NodeId) => number): void;
  heal(): void;
  nearest(key: Id, count: number): NodeId[];
  /** The most links that any member ever had at any tick, those that have left included. */
  mostLinks(): number;
  /** Connections tried because of a lookup, by any member, those that have left included. */
  dialsOfLookups(): number;
  randomId<T extends Id>(): T;
}

export interface PopulationOptions {
  readonly seed: number;
  /** Share of pairs that cannot be linked. */
  readonly unconnectable?: number;
  /** Share of messages that are lost and sent again. */
  readonly loss?: number;
  readonly links?: LinkPolicy;
  readonly signing?: Signing;
}

/** As many as a signaling server introduces. */
const INTRODUCED = 8;
/** WebRTC notices after about so long that the other side is gone (ICE consent, RFC 7675: 30 s at most). */
const NOTICED_AFTER_MS = 15_000;
/** Small against the latencies, which are rounded up to it. */
const GRAIN_MS = 5;

export function createPopulation(options: PopulationOptions): Population {
  const { seed, links, signing = simulatedSigning } = options;
  const random = createSeededRandom(seed);
  const causes = createCauses();
  const clock = createSimulationClock({ grainMs: GRAIN_MS, causes });
  const terrain = createTerrain(random, {
    unconnectable: options.unconnectable ?? 0,
    loss: options.loss ?? 0,
  });
  const network: MemoryNetwork = createMemoryNetwork(clock, terrain);
  const tap = createLookupTap();
  const here = new Map<NodeId, Member>();
  const meters: Meter[] = [];
  let made = 0;
  /** Made anew only when somebody came or went. */
  let all: readonly Member[] | undefined;
  let good: readonly Member[] | undefined;
  const changed = (): void => {
    all = undefined;
    good = undefined;
  };

  const members = (): readonly Member[] => (all ??= [...here.values()]);
  const honest = (): readonly Member[] => (good ??= members().filter((member) => member.honest));
  const any = (of: readonly Member[] = members()): Member => {
    const one = of[randomInt(random, of.length)];
    if (!one) throw new Error('nobody is there');
    return one;
  };

  const join: Population['join'] = ({ identity = simulatedIdentity(randomId()), behaviour } = {}) => {
    made += 1;
    const own = createSeededRandom(seed * 1_000_003 + made);
    const noting: Random = {
      number: () => own.number(),
      bytes(length) {
        const bytes = own.bytes(length);
        if (length === 8) member.onName?.(bytes);
        return bytes;
      },
    };
    const meter: Meter = { messages: 0, bytes: 0, dials: 0, dialsOfLookups: 0, mostLinks: 0 };
    meters.push(meter);
    const raw = network.transport(identity.id);
    const transport = tapped(raw, {
      meter,
      tap,
      causes,
      intercept: behaviour && ((message, link) => behaviour(message, link, member)),
    });
    const dht = createDht(
      { transport, identity, clock, random: noting, log: silentLog },
      { signing, ...(links ? { links } : {}) },
    );
    const member: Member = {
      id: identity.id,
      identity,
      dht,
      honest: !behaviour,
      bornAt: clock.now(),
      meter,
      onName: undefined,
      links: () => raw.links().length,
    };
    const introduced = Array.from({ length: Math.min(INTRODUCED, here.size) }, () => any().id);
    here.set(member.id, member);
    changed();
    void transport.start();
    void dht.start();
    dht.addContacts(introduced);
    return member;
  };

  const randomId = <T extends Id>(): T => idFromBytes<T>(random.bytes(32));

  return {
    seed,
    clock,
    random,
    terrain,
    tap,
    causes,
    members,
    honest,
    any,
    join,
    leave(member, how) {
      if (!here.delete(member.id)) return;
      changed();
      if (how === 'vanish') network.vanish(member.id, NOTICED_AFTER_MS);
      void member.dht.stop();
    },
    async grow(count, overMs, behaviour) {
      const start = here.size;
      const began = clock.now();
      for (let i = start; i < count; i += 1) {
        const due = began + (overMs * (i - start)) / Math.max(1, count - start);
        if (due > clock.now()) await clock.advance(Math.ceil(due - clock.now()));
        join({ behaviour: behaviour?.(i) });
      }
      await clock.advance(Math.max(0, began + overMs - clock.now()));
    },
    split(side) {
      terrain.split(side);
      for (const { id } of members()) {
        for (const { id: other } of members()) if (side(id) < side(other)) network.sever(id, other);
      }
    },
    heal: () => terrain.split(undefined),
    nearest: (key, count) =>
      closest(
        key,
        members().map(({ id }) => id),
        count,
      ),
    mostLinks: () => meters.reduce((most, meter) => Math.max(most, meter.mostLinks), 0),
    dialsOfLookups: () => meters.reduce((sum, meter) => sum + meter.dialsOfLookups, 0),
    randomId,
  };
}
