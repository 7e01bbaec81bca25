import { createDeferred, sleep, systemClock } from '@tabswarm/base';
import type { HashProgress } from '@tabswarm/node/vault';
import type { Root } from '@tabswarm/protocol/ids';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addTo,
  blocksIn,
  createTestBrowser,
  filesFrom,
  hashOf,
  onDisk,
  patternOf,
  putting,
  viewIn,
  type Disk,
  type TestBrowser,
  type TestTab,
} from './vault-support.ts';

const BLOCK = 256 * 1024;
const COUNT = 60;
const CONTENTS = { 'set/a': patternOf(COUNT * BLOCK, 1), 'set/b': patternOf(10, 2) };
const TOTAL = COUNT * BLOCK + 10;
/** What is not held up takes less, by far. */
const HELD_MS = 300;

let browser: TestBrowser;
let disk: Disk;
let tab: TestTab;
let root: Root;
let told: HashProgress[];

/** A share of which nothing is here but its hashes. */
beforeEach(async () => {
  browser = createTestBrowser();
  disk = { room: Infinity, written: [], awaited: new Set() };
  tab = browser.openTab({ stores: onDisk(disk) });
  const sharer = createTestBrowser().openTab();
  ({ root } = await addTo(sharer, CONTENTS));
  await tab.importTorrent(await sharer.torrent(root));
  told = [];
});

/** `onFirst` is called as soon as something of it is stored. */
function supply(contents: Parameters<typeof filesFrom>[0] = CONTENTS, onFirst?: () => unknown) {
  let begun = false;
  return tab.supply(root, filesFrom(contents), { job: 'x' }, (progress) => {
    told.push(progress);
    if (!begun) void onFirst?.();
    begun = true;
  });
}

async function kept(): Promise<number> {
  const view = await viewIn(tab, root);
  return view ? blocksIn(view).length : 0;
}

/** Held up for long enough that it would have ended otherwise; answers how many blocks are here by then. */
async function expectHeldUp(supplying: Promise<number>): Promise<number> {
  const held = sleep(systemClock, HELD_MS).then(() => 'held up');
  expect(await Promise.race([supplying, held])).toBe('held up');
  return kept();
}

const expectWaiting = (blocks: number) =>
  expect.poll(() => told.at(-1)).toMatchObject({ heldUp: 'no-room', bytesDone: blocks * BLOCK });

/** Takes note of what a call rejects with, before anybody waits for it. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([work]);
  return result.status === 'rejected' ? (result.reason as unknown) : undefined;
}

describe('checking files that are here already', () => {
  it('[ST22] tells how far it is with those that match, and passes over the rest of one that differs', async () => {
    const changed = patternOf(COUNT * BLOCK, 1);
    changed[BLOCK + 5] = 0xff ^ (changed[BLOCK + 5] as number);
    const others = { 'set/a': changed, 'set/b': CONTENTS['set/b'], 'no part of it': patternOf(999, 3) };
    expect(await supply(others)).toBeLessThan(TOTAL);
    expect(told.at(-1)).toEqual({ bytesDone: TOTAL, bytesTotal: TOTAL });

    told = [];
    expect(await supply()).toBe(TOTAL);
    expect(told.length).toBeGreaterThan(1);
    expect(told[0]?.bytesDone).toBe(BLOCK);
    expect(told.map(({ bytesDone }) => bytesDone)).toEqual(
      told.map(({ bytesDone }) => bytesDone).toSorted((a, b) => a - b),
    );
    expect(told.at(-1)).toEqual({ bytesDone: TOTAL, bytesTotal: TOTAL });
  });

  it('[ST22] waits when it is told to, and goes on from there', async () => {
    const supplying = supply(CONTENTS, () => tab.holdUp('x'));
    await expect.poll(() => told.at(-1)?.heldUp).toBe('asked');
    const before = await expectHeldUp(supplying);
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(COUNT);

    await tab.goOn('x');
    expect(await supplying).toBe(TOTAL);
    expect(told.at(-1)).toEqual({ bytesDone: TOTAL, bytesTotal: TOTAL, heldUp: undefined });
    expect(disk.written).toHaveLength(COUNT + 1);
    await expect(tab.holdUp('x')).rejects.toMatchObject({ name: 'NotFoundError' });
  });

  it('[ST22] reads nothing more while it waits', async () => {
    let [reads, writes] = [0, 0];
    const small = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`set/${i}`, patternOf(i + 1, i)]));
    const holding = createTestBrowser().openTab({
      stores: putting(async (write, block) => {
        writes += 1;
        if (writes === 3) await holding.holdUp('x');
        await write(block);
      }),
    });
    const sharer = createTestBrowser().openTab();
    const share = await addTo(sharer, small);
    await holding.importTorrent(await sharer.torrent(share.root));
    const files = filesFrom(small).map(({ path, file }) => {
      const slice = (start: number, end: number): Blob => {
        reads += 1;
        return file.slice(start, end);
      };
      return { path, file: Object.assign(new Blob([file]), { slice }) };
    });
    const supplying = holding.supply(share.root, files, { job: 'x' }, (progress) => told.push(progress));
    await expectHeldUp(supplying);
    expect(told.at(-1)).toMatchObject({ heldUp: 'asked', bytesDone: 1 + 2 + 3 });
    expect(reads).toBe(3);
    await holding.goOn('x');
    expect(await supplying).toBe(45);
  });

  it('[ST22] ends when it is cancelled, and what is stored of them stays', async () => {
    const begun = createDeferred<void>();
    const failure = failureOf(supply(CONTENTS, begun.resolve));
    await begun.promise;
    await tab.cancel('x');
    // By now it has ended.
    await expect(tab.holdUp('x')).rejects.toMatchObject({ name: 'NotFoundError' });
    expect(await failure).toMatchObject({ name: 'AbortError' });
    const written = disk.written.length;
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(COUNT);
    await sleep(systemClock, HELD_MS);
    expect(disk.written).toHaveLength(written);
    expect(await kept()).toBe(written);

    // The name is free again, and what is here is not written once more.
    await tab.cancel('x');
    expect(await supply()).toBe(TOTAL);
    expect(disk.written).toHaveLength(COUNT + 1);
    expect(await hashOf(await tab.read(root, ['a']))).toBe(await hashOf(CONTENTS['set/a']));
  });

  it('[ST22] is cancelled even when all of it is stored', async () => {
    const supplying = tab.supply(root, filesFrom(CONTENTS), { job: 'x' }, (progress) => {
      if (progress.bytesDone === progress.bytesTotal) void tab.cancel('x');
    });
    await expect(supplying).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('checking files on a disk that gets full', () => {
  beforeEach(() => {
    disk.room = 20;
  });

  it('[ST22] waits for room, and goes on with what is not stored', async () => {
    const supplying = supply();
    await expectWaiting(20);
    expect(await kept()).toBe(20);

    disk.room = 5;
    await tab.goOn('x');
    await expectWaiting(25);
    disk.room = Infinity;
    await tab.goOn('x');
    expect(await supplying).toBe(TOTAL);
    expect(disk.written).toHaveLength(COUNT + 1);
    expect(new Set(disk.written).size).toBe(COUNT + 1);
    expect(await hashOf(await tab.read(root, ['a']))).toBe(await hashOf(CONTENTS['set/a']));
  });

  it('[ST22] keeps what it has stored when it is cancelled while it waits', async () => {
    const failure = failureOf(supply());
    await expectWaiting(20);
    await tab.cancel('x');
    expect(await failure).toMatchObject({ name: 'AbortError' });
    expect(await kept()).toBe(20);
  });

  it.each(['this', 'another'])('[ST22] ends with the share, when %s tab removes it', async (which) => {
    const remover = which === 'this' ? tab : browser.openTab();
    await remover.shares();
    const failure = failureOf(supply());
    await expectWaiting(20);
    await remover.remove(root);
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await expect.poll(() => tab.usage()).toEqual({ blocks: 0, bytes: 0 });
  });

  it('[ST22] does not end with blocks of the share that are lost', async () => {
    const supplying = supply();
    await expectWaiting(20);
    await tab.stores.blocks.delete(disk.written.slice(0, 3));
    expect(await kept()).toBe(17);
    disk.room = Infinity;
    await tab.goOn('x');
    expect(await supplying).toBe(TOTAL);
  });
});
