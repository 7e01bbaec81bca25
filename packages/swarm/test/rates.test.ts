import { every } from '@tabswarm/base';
import { createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createWorld, type Peer, type World } from './world.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SEEDS = [1, 2, 3];
/** How often it is looked at how much has come. */
const SAMPLE_MS = 50;
/** What a tab that is gone without a word takes to be missed. */
const MISSED_AFTER_MS = 12_000;

interface Setting {
  readonly seed: number;
  /** What each source can send, in bytes per second. */
  readonly uplinks: readonly number[];
  readonly blocks: number;
  readonly blockBytes?: number;
  readonly latencyMs?: number;
}

interface Sample {
  readonly at: number;
  readonly bytes: number;
  readonly blocks: number;
}

interface Transfer {
  /** From the first byte of a block to the last. */
  readonly seconds: number;
  /** Bytes that came and were of no use, as a part of the share. */
  readonly duplicates: number;
  /** The longest time, in seconds, in which no block came during the last tenth. */
  readonly stall: number;
  readonly samples: readonly Sample[];
}

/** Fetches a share from sources that all have all of it. `look` is told of how far it is, and may do things. */
async function transfer(
  { seed, uplinks, blocks, blockBytes = 256 * KIB, latencyMs = 1 }: Setting,
  look: (sample: Sample, world: World, sources: readonly Peer[]) => void = () => undefined,
): Promise<Transfer> {
  const sources: Peer[] = [];
  const uplink = (): number | undefined => uplinks[sources.length];
  const world = createWorld(blocks, { seed, blockBytes, latencyMs: () => latencyMs, uplink });
  for (const _ of uplinks) sources.push(await world.peer({ has: true }));
  const leecher = await world.peer({ has: [] });
  const receivedOn = new Map<unknown, () => number>();
  const samples: Sample[] = [];
  const sample = (): Sample => {
    for (const link of leecher.transport.links()) receivedOn.set(link, () => link.stats().bytesReceived);
    let bytes = 0;
    for (const received of receivedOn.values()) bytes += received();
    const now = { at: world.clock.now(), bytes, blocks: leecher.holding.kept() };
    samples.push(now);
    return now;
  };
  const over = new AbortController();
  every(
    world.clock,
    () => SAMPLE_MS,
    () => look(sample(), world, sources),
    { signal: over.signal },
  );
  await world.fetch(leecher, sources, { limitMs: 300_000 });
  over.abort();
  const last = sample();
  expect(last.blocks, `seed ${seed}`).toBe(blocks);
  const total = blocks * blockBytes;
  // Some hundred bytes of control messages come before.
  const first = samples.find(({ bytes }) => bytes > 16 * KIB) as Sample;
  return {
    seconds: (last.at - first.at + SAMPLE_MS) / 1_000,
    duplicates: last.bytes / total - 1,
    stall: longestStall(samples, blocks),
    samples,
  };
}

function longestStall(samples: readonly Sample[], blocks: number): number {
  let longest = 0;
  let since: Sample | undefined;
  for (const sample of samples) {
    if (sample.blocks < 0.9 * blocks) continue;
    if (since?.blocks !== sample.blocks) since = sample;
    longest = Math.max(longest, sample.at - since.at);
  }
  return longest / 1_000;
}

/** Lines that are told to be equal never are. */
function aboutEqual(seed: number, count: number, rate: number): number[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => rate * (0.95 + 0.1 * random.number()));
}

describe('four sources, each with a line of its own', () => {
  it.each([1, 20, 100])(
    '[EX18] bring at least 3.2 times what one line carries, %i ms away',
    async (latencyMs) => {
      for (const seed of SEEDS) {
        const uplinks = aboutEqual(seed, 4, MIB);
        const { seconds, duplicates, stall } = await transfer({ seed, uplinks, blocks: 96, latencyMs });
        expect((96 * 256 * KIB) / seconds / MIB, `seed ${seed}`).toBeGreaterThan(3.2);
        expect(duplicates, `seed ${seed}`).toBeLessThan(0.02);
        expect(stall, `seed ${seed}`).toBeLessThan(5);
      }
    },
  );

  it('[EX18] do so where blocks are larger than what is asked for ahead', async () => {
    const blockBytes = 4 * MIB;
    for (const seed of SEEDS) {
      const setting = { seed, uplinks: aboutEqual(seed, 4, 4 * MIB), blocks: 24, blockBytes, latencyMs: 20 };
      const { seconds, duplicates, stall } = await transfer(setting);
      expect((24 * blockBytes) / seconds / (4 * MIB), `seed ${seed}`).toBeGreaterThan(3.2);
      expect(duplicates, `seed ${seed}`).toBeLessThan(0.02);
      expect(stall, `seed ${seed}`).toBeLessThan(5);
    }
  });

  it.each(['vanishes', 'leaves'])('[EX18] go on at full speed when one of them %s', async (how) => {
    for (const seed of SEEDS) {
      let goneAt: number | undefined;
      const setting = { seed, uplinks: aboutEqual(seed, 4, MIB), blocks: 130, latencyMs: 20 };
      const { samples, duplicates, stall } = await transfer(setting, ({ at, blocks }, world, [first]) => {
        if (goneAt !== undefined || blocks < 40 || !first) return;
        goneAt = at;
        if (how === 'vanishes') world.vanish(first.id, MISSED_AFTER_MS);
        else void first.transport.stop();
      });
      const [from, to] = [3_000, 5_000].map((after) =>
        samples.find(({ at }) => at >= (goneAt ?? Infinity) + after),
      );
      if (!from || !to) throw new Error('the transfer was over too soon');
      const rate = ((to.bytes - from.bytes) * 1_000) / (to.at - from.at);
      expect(rate / (3 * MIB), `seed ${seed}`).toBeGreaterThan(0.9);
      expect(duplicates, `seed ${seed}`).toBeLessThan(0.02);
      expect(stall, `seed ${seed}`).toBeLessThan(5);
    }
  });
});

describe('the end of a transfer', () => {
  it('[EX18] does not wait for a source that vanishes', async () => {
    for (const seed of SEEDS) {
      let gone = false;
      const setting = { seed, uplinks: aboutEqual(seed, 4, MIB / 2), blocks: 60, latencyMs: 20 };
      const { stall, duplicates } = await transfer(setting, ({ blocks }, world, [first]) => {
        if (gone || blocks < 54 || !first) return;
        gone = true;
        world.vanish(first.id, MISSED_AFTER_MS);
      });
      expect(stall, `seed ${seed}`).toBeLessThan(5);
      expect(duplicates, `seed ${seed}`).toBeLessThan(0.02);
    }
  });

  it.each([
    ['very slow ones', [10 * KIB, 40 * KIB, MIB, 2 * MIB], 64, 256 * KIB],
    ['very slow ones, and large blocks', [10 * KIB, 40 * KIB, MIB, 2 * MIB], 48, MIB],
    ['one fast one among slow ones', [100 * KIB, 100 * KIB, 100 * KIB, MIB], 32, MIB],
  ])('[EX18] does not wait for sources that are slow: %s', async (_, lines, blocks, blockBytes) => {
    for (const seed of SEEDS) {
      const uplinks = lines.flatMap((line) => aboutEqual(seed, 1, line));
      const setting = { seed, uplinks, blocks, blockBytes, latencyMs: 20 };
      const { seconds, stall, duplicates } = await transfer(setting);
      expect(stall, `seed ${seed}`).toBeLessThan(5);
      expect(duplicates, `seed ${seed}`).toBeLessThan(0.02);
      // As if the slow ones were not there, and something more.
      const fast = uplinks.filter((line) => line > MIB / 2).reduce((sum, line) => sum + line, 0);
      expect((blocks * blockBytes) / seconds, `seed ${seed}`).toBeGreaterThan(0.9 * fast);
    }
  });
});

describe('more sources than are asked at a time', () => {
  it('[EX19] of these the fast ones are asked in the end', async () => {
    for (const seed of SEEDS.slice(1)) {
      const slow = Array.from({ length: 8 }, () => 10 * KIB);
      const uplinks = [...slow, ...aboutEqual(seed, 6, 128 * KIB)];
      const { samples } = await transfer({ seed, uplinks, blocks: 170, latencyMs: 20 });
      const [first, last] = [samples[0], samples.at(-1)] as [Sample, Sample];
      const { at, bytes } = samples.find((sample) => sample.at - first.at >= 45_000) as Sample;
      expect(((last.bytes - bytes) * 1_000) / (last.at - at), `seed ${seed}`).toBeGreaterThan(
        0.85 * 6 * 128 * KIB,
      );
    }
  });
});

describe('a disk that is slower than the wire', () => {
  it('[EX26] has no more wait for it than 2 MiB and what was under way when those had come', async () => {
    const blockBytes = 256 * KIB;
    const world = createWorld(200, { seed: 1, blockBytes, uplink: () => 8 * MIB });
    const holder = await world.peer({ has: true });
    const leecher = await world.peer({ has: [], storeMs: 2_000 });
    let most = 0;
    const over = new AbortController();
    every(
      world.clock,
      () => 10,
      () => {
        most = Math.max(most, leecher.holding.offered.size - leecher.holding.kept());
      },
      { signal: over.signal },
    );
    await world.fetch(leecher, [holder]);
    over.abort();
    expect(leecher.holding.kept()).toBe(200);
    expect(most * blockBytes).toBeGreaterThanOrEqual(2 * MIB);
    // Of one source at most 4 MiB are under way.
    expect(most * blockBytes).toBeLessThanOrEqual(6 * MIB);
  });
});
