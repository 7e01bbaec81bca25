import { shuffled, type Random } from '@tabswarm/base';
import { CLOSEST_COUNT } from '@tabswarm/protocol/dht';
import { utf8, type Bytes } from '@tabswarm/protocol/bytes';
import type { NodeId, RecordKey, Root } from '@tabswarm/protocol/ids';
import { createDropper, createLiar, createSybil, idAtDistance, idNear } from './adversaries.ts';
import { startChurn } from './churn.ts';
import { startMeasuring, type Row } from './measure.ts';
import { createPopulation, type Member, type Population, type PopulationOptions } from './population.ts';
import { simulatedIdentity, simulatedSigning } from './signing.ts';
import { createWorkload, type Sample } from './workload.ts';

export interface Size {
  readonly seed: number;
  readonly nodes: number;
  readonly lookups: number;
  /** Minutes of churn before anything is measured; links made in peace are half of all by then, or fewer. */
  readonly mixing: number;
  /** Minutes over which lookups are spread. */
  readonly minutes: number;
}

/** A scenario, and what it must come to: the least share of lookups that succeed. */
export interface Scenario {
  readonly name: string;
  readonly bar: number;
  run(size: Size): Promise<Row[]>;
}

const MINUTE = 60_000;
export const GROW_MS = 2 * MINUTE;
export const SETTLE_MS = MINUTE;
/** Shares provided at any time. */
export const SHARES = 100;
/** A third of all pairs behind strict NATs, and one message in a hundred sent twice. */
const TERRAIN: Omit<PopulationOptions, 'seed'> = { unconnectable: 0.3, loss: 0.01 };

async function settled({ seed, nodes }: Size, behaviour?: Parameters<Population['grow']>[2]) {
  const population = createPopulation({ seed, ...TERRAIN });
  await population.grow(nodes, GROW_MS, behaviour && ((index) => behaviour(index)));
  await population.clock.advance(SETTLE_MS);
  const workload = createWorkload(population);
  workload.keep(SHARES);
  await population.clock.advance(MINUTE);
  return { population, workload };
}

function churning(halfLifeMinutes: number, bar: number): Scenario {
  return {
    name: `half-life ${halfLifeMinutes} min`,
    bar,
    async run(size) {
      const { population, workload } = await settled(size);
      startChurn(population, halfLifeMinutes * MINUTE);
      for (let minute = 0; minute < size.mixing; minute += 1) {
        workload.keep(SHARES);
        await population.clock.advance(MINUTE);
      }
      const measured = startMeasuring(population);
      const samples = await workload.run(size.lookups, size.minutes * MINUTE, {
        each: () => workload.keep(SHARES),
      });
      return [measured(this.name, samples)];
    },
  };
}

const steady: Scenario = {
  name: 'nobody comes or goes',
  bar: 0.995,
  async run(size) {
    const { population, workload } = await settled(size);
    const measured = startMeasuring(population);
    const samples = await workload.run(size.lookups, size.minutes * MINUTE);
    return [measured(this.name, samples)];
  },
};

const halfGone: Scenario = {
  name: 'half gone at once',
  bar: 0.95,
  async run(size) {
    const { population, workload } = await settled(size);
    const members = shuffled(population.random, population.members());
    for (const member of members.slice(0, members.length / 2)) population.leave(member, 'vanish');
    const measured = startMeasuring(population);
    // From the very moment, while nobody has noticed yet, to a minute after.
    const samples = await workload.run(size.lookups, MINUTE);
    return [measured(`${this.name}, first 60 s`, samples)];
  },
};

const droppers: Scenario = {
  name: '20 % drop everything',
  bar: 0.98,
  async run(size) {
    const { population, workload } = await settled(size, (index) =>
      index % 5 === 4 ? createDropper(index % 10 === 4) : undefined,
    );
    const measured = startMeasuring(population);
    const samples = await workload.run(size.lookups, size.minutes * MINUTE);
    return [measured(this.name, samples)];
  },
};

const liars: Scenario = {
  name: '30 % lie about records',
  bar: 0.98,
  async run(size) {
    const bad = new Map<RecordKey, readonly Bytes[]>();
    const random = createPopulation({ seed: size.seed + 1 }).random;
    const liar = createLiar(random, (key) => bad.get(key) ?? []);
    const { population } = await settled(size, (index) => (index % 10 < 3 ? liar : undefined));
    const newest = await publishThrice(population, bad);
    const workload = createWorkload(population);
    const measured = startMeasuring(population);
    const keys = [...newest];
    const samples = await workload.spread(size.lookups, size.minutes * MINUTE, async (i) => {
      const [key, digest] = keys[i % keys.length] as [RecordKey, string];
      const { records, ...sample } = await workload.get(key);
      // One that cannot be sure takes nothing for the newest, and has not found it either.
      if (records.some((record) => record.digest !== digest)) throw new Error('a bad record was accepted');
      return { ...sample, found: records.length === 1 };
    });
    return [measured(this.name, samples)];
  },
};

const PUBLISHED = 50;

/** Three versions under each of some keys: one that expires, one that is superseded, and the one that counts. */
async function publishThrice(
  population: Population,
  bad: Map<RecordKey, readonly Bytes[]>,
): Promise<Map<RecordKey, string>> {
  const { clock } = population;
  const newest = new Map<RecordKey, string>();
  const publish = async (): Promise<void> => {
    const { dht } = population.any(population.honest());
    const key = population.randomId<RecordKey>();
    const put = async (word: string, lifetimeMs?: number): Promise<Bytes> => {
      const input = { key, value: utf8(word), ...(lifetimeMs === undefined ? {} : { lifetimeMs }) };
      const { record } = await dht.put(input);
      newest.set(key, record.digest);
      return record.bytes;
    };
    const expired = await put('expires', MINUTE / 2);
    const replayed = await put('superseded');
    const last = await put('counts');
    const forged = last.slice();
    forged[forged.length - 1] = (forged.at(-1) as number) ^ 1;
    bad.set(key, [expired, replayed, forged]);
  };
  await clock.until(Promise.all(Array.from({ length: PUBLISHED }, publish)));
  await clock.advance(MINUTE);
  return newest;
}

const SYBILS = 20;
/** Of so many nodes one is the nearest to a key that is attacked, at any time. */
const NODES_PER_ATTACK = 100;
/** Attacks one after another, each with lookups of its own: what one key comes to says little. */
const ATTACKS = 5;

/** `place`: a random id for a Sybil, near a key in a network of so many nodes. */
function attacked(name: string, place: (key: RecordKey, nodes: number, random: Random) => NodeId): Scenario {
  return {
    name,
    bar: 0.95,
    async run(size) {
      const population = createPopulation({ seed: size.seed, ...TERRAIN });
      await population.grow(size.nodes, GROW_MS);
      await population.clock.advance(SETTLE_MS);
      const workload = createWorkload(population);
      const measured = startMeasuring(population);
      const keys = Math.ceil(size.nodes / NODES_PER_ATTACK);
      const samples: Sample[] = [];
      for (let attack = 0; attack < ATTACKS; attack += 1) {
        const targets = await Promise.all(
          Array.from({ length: keys }, () => surround(population, size.nodes, place)),
        );
        await population.clock.advance(SETTLE_MS);
        for (const { provider, root } of targets) provider.dht.provide(root);
        await population.clock.advance(MINUTE);
        const lookups = Math.ceil(size.lookups / ATTACKS);
        const span = (size.minutes * MINUTE) / ATTACKS;
        samples.push(
          ...(await workload.spread(lookups, span, (i) => {
            const { root, provider } = targets[i % keys] as Target;
            return workload.read(root, provider.id);
          })),
        );
        for (const { sybils } of targets) for (const sybil of sybils) population.leave(sybil, 'goodbye');
      }
      return [measured(this.name, samples)];
    },
  };
}

/** A share of an honest member, and the Sybils around its key. */
interface Target {
  readonly root: Root;
  readonly provider: Member;
  readonly sybils: readonly Member[];
}

async function surround(
  population: Population,
  nodes: number,
  place: (key: RecordKey, nodes: number, random: Random) => NodeId,
): Promise<Target> {
  const provider = population.any(population.honest());
  const root = population.randomId<Root>();
  const key = await simulatedSigning.providerKey(root);
  const kind = Array.from({ length: SYBILS }, () => place(key, nodes, population.random));
  const sybils = kind.map((id) =>
    population.join({ identity: simulatedIdentity(id), behaviour: createSybil(kind) }),
  );
  return { root, provider, sybils };
}

const sybils = attacked('20 Sybils next to each key', (key, _nodes, random) => idNear(key, 24, random));

/** Where the nodes that keep a key's records lie in a network of that size, but for the nearest tenth or so of them. */
const sybilsAround = attacked('20 Sybils around each key', (key, nodes, random) => {
  const reach = CLOSEST_COUNT / nodes;
  return idAtDistance(key, (0.12 + 0.13 * random.number()) * reach, random);
});

/** Which of two parts of the network a node is in. */
function side(node: NodeId): number {
  return Number.parseInt(node.slice(-1), 16) % 2;
}

const partition: Scenario = {
  name: 'after a partition of 30 min',
  bar: 0.99,
  async run(size) {
    const { population, workload } = await settled(size);
    // Nobody comes: a newcomer would be introduced to both sides.
    population.split(side);
    await population.clock.advance(30 * MINUTE);
    population.heal();
    const rows: Row[] = [];
    for (const [span, counts] of [
      ['first 2 min', false],
      ['from 2 min on', true],
    ] as const) {
      const measured = startMeasuring(population);
      // Only those that had to find their way across count.
      const samples = await workload.run(size.lookups, 2 * MINUTE, {
        accept: (reader, provider) => side(reader) !== side(provider),
      });
      rows.push(measured(`${this.name}, ${span}`, samples, counts));
    }
    return rows;
  },
};

export const SCENARIOS: readonly Scenario[] = [
  steady,
  churning(30, 0.995),
  churning(10, 0.99),
  halfGone,
  droppers,
  liars,
  sybils,
  sybilsAround,
  partition,
];
