import { randomInt } from '@tabswarm/base';
import { toHex } from '@tabswarm/protocol/bytes';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { Member, Population } from './population.ts';

/** What one lookup came to. */
export interface Sample {
  readonly found: boolean;
  readonly ms: number;
  /** Until the first holder was known; undefined where none was found. */
  readonly firstMs: number | undefined;
  /** Of the longest way that an answer came. */
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
  /** Runs lookups of random shares, from random honest members, evenly over a span of simulated time, and waits for the last of them. */
  run(lookups: number, overMs: number, each?: () => void): Promise<Sample[]>;
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
  const { clock, random, tap } = population;
  let shares: Provided[] = [];

  const isHere = (member: Member): boolean => population.members().includes(member);

  const provide = (): void => {
    const by = population.any(population.honest());
    const root = population.randomId<Root>();
    by.dht.provide(root);
    shares.push({ root, by, since: clock.now() });
  };

  const pickReader = (not: NodeId): Member => {
    const old = clock.now() - readerAgeMs;
    for (;;) {
      const reader = population.any(population.honest());
      if (reader.id !== not && reader.bornAt <= old) return reader;
    }
  };

  const read = async (root: Root, provider: NodeId, reader: Member): Promise<Sample> => {
    const start = clock.now();
    const counting: (() => number)[] = [];
    reader.onName = (name) => {
      counting.push(tap.watch(toHex(name)));
      reader.onName = undefined;
    };
    // Somebody who watches gets traces.
    const unsubscribe = reader.dht.state.subscribe(() => undefined);
    const found = new Set<NodeId>();
    let firstMs: number | undefined;
    for await (const holder of reader.dht.findProviders(root)) {
      if (holder === provider) firstMs ??= clock.now() - start;
      found.add(holder);
    }
    const messages = counting.reduce((sum, stop) => sum + stop(), 0);
    unsubscribe();
    const trace = reader.dht.state.get().traces.findLast(({ purpose }) => purpose === 'find-holders');
    const hops = Math.max(0, ...(trace?.paths.map((path) => path.hops) ?? []));
    return { found: found.has(provider), ms: clock.now() - start, firstMs, hops, messages };
  };

  const lookUp = async (): Promise<Sample | undefined> => {
    const ripe = shares.filter(({ since, by }) => since <= clock.now() - settleMs && isHere(by));
    const share = ripe[randomInt(random, ripe.length)];
    if (!share) return undefined;
    const reader = pickReader(share.by.id);
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
    async run(lookups, overMs, each) {
      const samples: Sample[] = [];
      const running = new Set<Promise<void>>();
      const start = clock.now();
      for (let i = 1; samples.length + running.size < lookups || i <= lookups; i += 1) {
        each?.();
        const one: Promise<void> = lookUp().then((sample) => {
          running.delete(one);
          if (sample) samples.push(sample);
        });
        running.add(one);
        const due = start + (i * overMs) / lookups;
        await clock.advance(Math.max(1, Math.ceil(due - clock.now())));
      }
      await clock.until(Promise.all(running));
      return samples;
    },
  };
}
