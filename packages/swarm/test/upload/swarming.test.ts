import { shuffled } from '@tabswarm/base';
import { createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createWorld, type Peer, type PeerOptions } from '../world.ts';

const KIB = 1024;
const BLOCKS = 128;
const BLOCK_BYTES = 256 * KIB;
/** F, and U: what the seeder's line carries in a second. */
const FILE_BYTES = BLOCKS * BLOCK_BYTES;
const LINE = 256 * KIB;
const SECONDS = FILE_BYTES / LINE;

interface Course {
  readonly leechers: readonly Peer[];
  /** In F / U. */
  readonly lastDone: number;
  /** What the seeder had sent when somebody else had all of it, in F. */
  readonly sentAtSecondCopy: number;
  /** Bytes that were received and not needed, over those that were. */
  readonly duplicates: number;
}

/** One seeder, eight leechers that know of everybody; until `isOver` says so, or all have all of it. */
async function run(
  seed: number,
  {
    leecherLine,
    options = () => ({}),
    isOver = () => false,
  }: {
    leecherLine: number;
    options?: (leecher: number) => PeerOptions;
    isOver?: (leechers: readonly Peer[]) => boolean;
  },
): Promise<Course> {
  let seeder: Peer | undefined;
  const world = createWorld(BLOCKS, {
    seed,
    blockBytes: BLOCK_BYTES,
    latencyMs: () => 20,
    uplink: () => (seeder ? leecherLine : LINE),
  });
  seeder = await world.peer({ has: true, isOrigin: true });
  const leechers: Peer[] = [];
  for (let i = 0; i < 8; i += 1) leechers.push(await world.peer(options(i)));
  const random = createSeededRandom(seed);
  const all = [seeder, ...leechers];
  const fetches = leechers.map((leecher) =>
    world.begin(
      leecher,
      shuffled(
        random,
        all.filter((other) => other !== leecher),
      ),
    ),
  );
  let sentAtSecondCopy: number | undefined;
  let passed = 0;
  while (!fetches.every((fetch) => fetch.isOver()) && !isOver(leechers)) {
    if (passed > 4 * SECONDS) throw new Error(`not done (seed ${seed})`);
    await world.clock.advance(250);
    passed += 0.25;
    if (fetches.some((fetch) => fetch.isOver())) sentAtSecondCopy ??= seeder.bytesSent() / FILE_BYTES;
  }
  await Promise.all(fetches.map((fetch) => fetch.stop()));
  const received = leechers.reduce((sum, leecher) => sum + leecher.bytesReceived(), 0);
  const kept = leechers.reduce((sum, { holding }) => sum + holding.kept() * BLOCK_BYTES, 0);
  return {
    leechers,
    lastDone: passed / SECONDS,
    sentAtSecondCopy: sentAtSecondCopy ?? Infinity,
    duplicates: (received - kept) / kept,
  };
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

describe('one seeder and eight leechers', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
  ])(
    '[UP11] are done soon, with little sent twice (seed %i, leechers with %i times its line)',
    async (seed, factor) => {
      const { lastDone, sentAtSecondCopy, duplicates } = await run(seed, { leecherLine: factor * LINE });
      // oxlint-disable-next-line no-console -- the figures are what this is about
      console.log(
        `1 seeder with U, 8 leechers with ${factor} U, seed ${seed}: last one done after ${lastDone.toFixed(2)} F/U, ` +
          `seeder sent ${sentAtSecondCopy.toFixed(2)} F until the second copy, ${percent(duplicates)} received in vain`,
      );
      expect(lastDone).toBeLessThan(1.6);
      expect(sentAtSecondCopy).toBeLessThan(1.3);
      expect(duplicates).toBeLessThan(0.02);
    },
  );

  it.each([
    [1, 'silent'],
    [2, 'refusing'],
    [3, 'hiding'],
  ] as const)('[UP5] leave a free rider behind (seed %i, %s)', async (seed, rides) => {
    const { leechers } = await run(seed, {
      leecherLine: LINE,
      options: (leecher) => (leecher === 0 ? { rides } : {}),
      isOver: ([, ...others]) => others.some(({ holding }) => holding.kept() === BLOCKS),
    });
    const [rider, ...others] = leechers.map(({ holding }) => holding.kept());
    const mean = others.reduce((sum, kept) => sum + kept, 0) / others.length;
    const ratio = (rider ?? 0) / mean;
    // oxlint-disable-next-line no-console -- the figures are what this is about
    console.log(`a free rider (${rides}, seed ${seed}) gets ${percent(ratio)} of what others get`);
    expect(ratio).toBeLessThan(0.3);
  });

  it('[UP5] take in a newcomer with nothing to give as one of theirs', async () => {
    const world = createWorld(BLOCKS, { blockBytes: BLOCK_BYTES, latencyMs: () => 20, uplink: () => LINE });
    const seeder = await world.peer({ has: true, isOrigin: true });
    const leechers: Peer[] = [];
    for (let i = 0; i < 5; i += 1) leechers.push(await world.peer());
    const [late, ...early] = leechers as [Peer, ...Peer[]];
    const fetches = early.map((leecher) => world.begin(leecher, [seeder, ...early]));
    await world.clock.advance(0.4 * SECONDS * 1_000);
    fetches.push(world.begin(late, [seeder, ...early]));
    const before = early.map(({ holding }) => holding.kept());
    await world.clock.advance(0.3 * SECONDS * 1_000);
    const gained = early.map(({ holding }, i) => holding.kept() - (before[i] ?? 0));
    const mean = gained.reduce((sum, blocks) => sum + blocks, 0) / gained.length;
    expect(late.holding.kept() / mean).toBeGreaterThan(0.8);
    for (const fetch of fetches) await fetch.stop();
  });
});
