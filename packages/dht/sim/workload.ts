import { randomInt } from '@tabswarm/base';
import { toHex } from '@tabswarm/protocol/bytes';
import type { SignedRecord } from '@tabswarm/protocol/dht';
import type { NodeId, RecordKey, Root } from '@tabswarm/protocol/ids';
import { UnsureError } from '../src/index.ts';
import type { LookupPurpose } from '../src/lookup/trace.ts';
import type { SimulationClock } from './clock.ts';
import type { Member, Population } from './population.ts';

/** What one lookup came to. */
export interface Sample {
  readonly found: boolean;
  readonly ms: number;
  /** Until the first holder was known; undefined where none was found. */
  readonly firstMs: number | undefined;
  /** Links passed on the longest of the ways to the key that brought an answer. */
  readonly hops: number;
  /** On all hops, of all nodes: requests, words that they were forwarded, replies. */
  readonly messages: number;
}

/** Shares that members provide, and the lookups of others for them. */
export interface Workload {
  /** A new share of a random honest member. */
  provide(): void;
  /** Keeps `count` shares provided: those whose provider left are replaced. */
  keep(count: number): void;
  /** Looks for one holder of a share, from a random honest member. */
  read(root: Root, provider: NodeId): Promise<Sample>;
  /** The records under a key, as a random honest member gets them; none where it cannot be sure of them. */
  get(key: RecordKey): Promise<Omit<Sample, 'found'> & { readonly records: readonly SignedRecord[] }>;
  /** Begins lookups evenly over a span of simulated time, until `count` of them have counted, and waits for the last. */
  spread(
    count: number,
    overMs: number,
    work: (index: number) => Promise<Sample | undefined>,
  ): Promise<Sample[]>;
  /** Runs lookups of random shares, from random honest members, evenly over a span of simulated time, and waits for the last of them. */
  run(lookups: number, overMs: number, options?: RunOptions): Promise<Sample[]>;
}

export interface RunOptions {
  /** Called before each lookup. */
  readonly each?: () => void;
  /** Which reader may look for which provider; anybody for anybody where absent. */
  readonly accept?: (reader: NodeId, provider: NodeId) => boolean;
}

export interface WorkloadOptions {
  /** A share is looked up when it is at least so old. */
  readonly settleMs?: number;
  /** And by members that have been there for so long. */
  readonly readerAgeMs?: number;
}

interface Provided {
  readonly root: Root;
  readonly by: Member;
  readonly since: number;
}

export function createWorkload(
  population: Population,
  { settleMs = 20_000, readerAgeMs = 10_000 }: WorkloadOptions = {},
): Workload {
  const { clock, random, tap, causes } = population;
  let shares: Provided[] = [];

  const isHere = (member: Member): boolean => population.members().includes(member);

  const provide = (): void => {
    const by = population.any(population.honest());
    const root = population.randomId<Root>();
    by.dht.provide(root);
    shares.push({ root, by, since: clock.now() });
  };

  const pickReader = (not?: NodeId, accept?: RunOptions['accept']): Member => {
    const old = clock.now() - readerAgeMs;
    for (;;) {
      const reader = population.any(population.honest());
      const isWanted = not === undefined || !accept || accept(reader.id, not);
      if (reader.id !== not && reader.bornAt <= old && isWanted) return reader;
    }
  };

  /** Runs one lookup of a member, and takes down what it costs. */
  const watched = async (
    reader: Member,
    purpose: LookupPurpose,
    work: () => Promise<void>,
  ): Promise<Pick<Sample, 'ms' | 'hops' | 'messages'>> => {
    const start = clock.now();
    const counting: (() => number)[] = [];
    reader.onName = (name) => {
      counting.push(tap.watch(toHex(name)));
      reader.onName = undefined;
    };
    // Somebody who watches gets traces.
    const unsubscribe = reader.dht.state.subscribe(() => undefined);
    await causes.begin(work);
    const messages = counting.reduce((sum, stop) => sum + stop(), 0);
    unsubscribe();
    const trace = reader.dht.state.get().traces.findLast((one) => one.purpose === purpose);
    const hops = Math.max(0, ...(trace?.paths.map((path) => (path.named ? 0 : path.nodes.length)) ?? []));
    return { ms: clock.now() - start, hops, messages };
  };

  const read = async (root: Root, provider: NodeId, reader: Member): Promise<Sample> => {
    const start = clock.now();
    const found = new Set<NodeId>();
    let firstMs: number | undefined;
    const cost = await watched(reader, 'find-holders', async () => {
      for await (const holder of reader.dht.findProviders(root)) {
        if (holder === provider) firstMs ??= clock.now() - start;
        found.add(holder);
      }
    });
    return { ...cost, found: found.has(provider), firstMs };
  };

  const lookUp = async (accept?: RunOptions['accept']): Promise<Sample | undefined> => {
    const ripe = shares.filter(({ since, by }) => since <= clock.now() - settleMs && isHere(by));
    const share = ripe[randomInt(random, ripe.length)];
    if (!share) return undefined;
    const reader = pickReader(share.by.id, accept);
    const sample = await read(share.root, share.by.id, reader);
    return isHere(share.by) && isHere(reader) ? sample : undefined;
  };

  return {
    provide,
    keep(count) {
      shares = shares.filter(({ by }) => isHere(by));
      while (shares.length < count) provide();
    },
    read: (root, provider) => read(root, provider, pickReader(provider)),
    async get(key) {
      const reader = pickReader();
      let records: readonly SignedRecord[] = [];
      const cost = await watched(reader, 'find-records', async () => {
        records = await reader.dht.get(key).catch((cause: unknown) => {
          if (cause instanceof UnsureError) return [];
          throw cause;
        });
      });
      return { ...cost, firstMs: undefined, records };
    },
    spread: (count, overMs, work) => spread(clock, count, overMs, work),
    run: (lookups, overMs, { each, accept } = {}) =>
      spread(clock, lookups, overMs, () => {
        each?.();
        return lookUp(accept);
      }),
  };
}

/** Begins work evenly over a span of simulated time, until `count` of it has counted, and waits for the last. */
export async function spread<T>(
  clock: SimulationClock,
  count: number,
  overMs: number,
  work: (index: number) => Promise<T | undefined>,
): Promise<T[]> {
  const samples: T[] = [];
  const running = new Set<Promise<void>>();
  const start = clock.now();
  for (let i = 0; samples.length + running.size < count || i < count; i += 1) {
    const one: Promise<void> = work(i).then((sample) => {
      running.delete(one);
      if (sample && samples.length < count) samples.push(sample);
    });
    running.add(one);
    const due = start + ((i + 1) * overMs) / count;
    await clock.advance(Math.max(1, Math.ceil(due - clock.now())));
  }
  await clock.until(Promise.all(running));
  return samples;
}
