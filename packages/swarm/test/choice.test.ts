import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createHashFetch } from '../src/hash-fetch.ts';
import { FIRST, SKIPPED, WANTED, type MissingHashes } from '../src/library.ts';
import type { Window } from '../src/urges.ts';
import { createWorld, type Peer } from './world.ts';

const order = ({ holding }: Peer): number[] => [...holding.offered.keys()];
const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
const blocks = (first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, i) => first + i);

function wants(count: number, chosen: readonly (readonly [first: number, end: number, priority: number])[]) {
  const priorities = new Uint8Array(count).fill(SKIPPED);
  for (const [first, end, priority] of chosen) priorities.fill(priority, first, end);
  return priorities;
}

describe('a share of which a part is wanted', () => {
  it('[EX15] is fetched in that part, and what is to be had first comes first', async () => {
    const world = createWorld(60);
    const holder = await world.peer({ has: true });
    const chosen = wants(60, [
      [0, 2, FIRST],
      [10, 20, WANTED],
      [40, 50, FIRST],
    ]);
    const leecher = await world.peer({ wants: chosen });
    await world.fetch(leecher, [holder]);
    const came = order(leecher);
    expect(came.slice(0, 2)).toEqual([0, 1]);
    expect(sorted(came.slice(2, 12))).toEqual(blocks(40, 50));
    expect(sorted(came.slice(12))).toEqual(blocks(10, 20));
  });

  it('[EX16] may change in the middle: more, less, and something else first', async () => {
    const world = createWorld(90);
    const holder = await world.peer({ has: true });
    const leecher = await world.peer({ wants: wants(90, [[0, 60, WANTED]]) });
    const run = world.fetch(leecher, [holder]);
    while (leecher.holding.kept() < 10) await world.clock.advance(1);
    leecher.choose(wants(90, [[70, 80, FIRST]]));
    await run;
    for (const index of blocks(70, 80)) expect(leecher.holding.has(index)).toBe(true);
    for (const index of [...blocks(60, 70), ...blocks(80, 90)])
      expect(leecher.holding.has(index)).toBe(false);
  });

  it('[EX16] does not end before it is known what is wanted', async () => {
    const world = createWorld(10);
    const holder = await world.peer({ has: true });
    const leecher = await world.peer({ wants: wants(10, [[0, 2, FIRST]]) });
    leecher.choose(wants(10, [[0, 2, FIRST]]), { final: false });
    let over = false;
    const run = world.fetch(leecher, [holder]).finally(() => (over = true));
    while (leecher.holding.kept() < 2) await world.clock.advance(1);
    await world.clock.advance(500);
    expect(over).toBe(false);
    leecher.choose(wants(10, [[0, 5, FIRST]]));
    await run;
    expect(sorted(order(leecher))).toEqual(blocks(0, 5));
  });
});

describe('hashes of blocks', () => {
  const ranges = blocks(0, 12).map((i): MissingHashes => ({
    range: { file: 0, first: i * 10, count: 16 },
    first: i * 10,
    end: i * 10 + 10,
  }));

  /** Answers every question at once; gives the first blocks of the ranges in the order in which they were asked for. */
  async function asked(
    { priorities, window }: { priorities?: Uint8Array; window?: Window },
    change?: (fetch: ReturnType<typeof createHashFetch>) => void,
  ) {
    const questions: number[] = [];
    const over = new AbortController();
    const fetch = createHashFetch({
      missing: ranges,
      priorities: () => priorities,
      windows: () => (window ? [window] : []),
      ask({ first }) {
        questions.push(first);
        return Promise.resolve();
      },
      onKnown: () => undefined,
    });
    const run = fetch.run(over.signal).catch(() => undefined);
    const clock = createManualClock();
    await clock.advance(0);
    change?.(fetch);
    await clock.advance(0);
    over.abort(new Error('enough'));
    await run;
    return { questions, fetch };
  }

  it('[EX14] are asked for where they are read first, then of what is wanted, and of nothing else', async () => {
    const priorities = wants(120, [
      [5, 25, WANTED],
      [70, 75, FIRST],
    ]);
    const window = { first: 95, end: 104, until: 120, waiting: true };
    const { questions, fetch } = await asked({ priorities, window });
    expect(questions).toEqual([90, 100, 70, 0, 10, 20]);
    expect(fetch.isKnown(95)).toBe(true);
    expect(fetch.isKnown(30)).toBe(false);
    expect(fetch.isKnown(1_000)).toBe(true);
  });

  it('[EX14] are all asked for where all is wanted, and follow when the choice changes', async () => {
    expect(sorted((await asked({})).questions)).toEqual(blocks(0, 12).map((i) => i * 10));
    const priorities = wants(120, [[0, 10, WANTED]]);
    const { questions } = await asked({ priorities }, (fetch) => {
      priorities.fill(WANTED, 50, 60);
      fetch.onWanted();
    });
    expect(questions).toEqual([0, 50]);
  });
});
