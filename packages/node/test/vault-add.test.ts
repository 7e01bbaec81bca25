import { sleep, systemClock } from '@tabswarm/base';
import { rootOf } from '@tabswarm/content';
import type { HashProgress } from '@tabswarm/node/vault';
import { createSeededRandom } from '@tabswarm/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addTo,
  blocksIn,
  hashOf,
  createTestBrowser,
  filesFrom,
  patternOf,
  putting,
  viewIn,
  type TestBrowser,
  type TestTab,
} from './vault-support.ts';

const KIB = 1024;
const BLOCK = 256 * KIB;

let browser: TestBrowser;
let vault: TestTab;
beforeEach(() => {
  browser = createTestBrowser();
  vault = browser.openTab();
});

describe('adding files', () => {
  // Info hashes by libtorrent 2.0.8 of the same files.
  it.each([
    [
      'one file',
      { 'a.bin': patternOf(1_300_000, 6) },
      'a7b6b3a8a038bfb81bc83444ec554848fccdf31fe52cbb9c629fc2c3d558d68e',
    ],
    [
      'a folder',
      {
        'set/z.bin': patternOf(262_144, 12),
        'set/a.txt': patternOf(10, 10),
        'set/b/empty': patternOf(0, 0),
        'set/b/c.bin': patternOf(300_000, 11),
      },
      '6e2232438d8d4729836b99ad45fbde4bc4ee0ec3797794651c615602331e99ed',
    ],
  ])('[CT2] makes the share that libtorrent makes of %s', async (_, contents, infoHash) => {
    const view = await addTo(vault, contents);
    expect(view.root).toBe(infoHash);
    expect(await rootOf(new Uint8Array((await vault.info(view.root)) ?? []))).toBe(infoHash);
  });

  it('[ST11] lists the share with everything that is known of it', async () => {
    const contents = { 'set/a.bin': patternOf(BLOCK + 1, 1), 'set/b/c.txt': patternOf(10, 2) };
    const view = await addTo(vault, contents);
    expect(view).toMatchObject({
      visibility: 'public',
      key: undefined,
      keyState: 'none',
      name: 'set',
      origin: 'shared',
      paused: false,
      signaling: [],
    });
    expect(view.metainfo).toMatchObject({ pieceLength: BLOCK, blockCount: 3, missingHashes: [] });
    expect([...(view.metainfo?.blockLengths ?? [])]).toEqual([BLOCK, 1, 10]);
    expect(view.metainfo?.files).toEqual([
      { path: ['a.bin'], length: BLOCK + 1, type: '' },
      { path: ['b', 'c.txt'], length: 10, type: '' },
    ]);
    expect(blocksIn(view)).toEqual([0, 1, 2]);
    expect(await vault.shares()).toEqual([view]);
    expect(await vault.usage()).toEqual({ blocks: 3, bytes: BLOCK + 11 });
  });

  it.each(['public', 'private'] as const)(
    '[ST18] gives back every file of a %s share',
    async (visibility) => {
      const contents = {
        'set/empty': patternOf(0, 0),
        'set/one': patternOf(1, 1),
        'set/less': patternOf(BLOCK - 1, 2),
        'set/block': patternOf(BLOCK, 3),
        'set/more': patternOf(BLOCK + 1, 4),
        'set/many': patternOf(9 * BLOCK + 12_345, 5),
      };
      const { root } = await addTo(vault, contents, visibility);
      const later = browser.openTab();
      for (const [path, bytes] of Object.entries(contents)) {
        expect(await hashOf(await later.read(root, path.split('/').slice(1)))).toBe(await hashOf(bytes));
        expect(await hashOf(await later.read(root, path.split('/')))).toBe(await hashOf(bytes));
      }
    },
  );

  it('[ST16] keeps of a private share nothing that tells what it is', async () => {
    const contents = { 'holiday/beach.txt': new TextEncoder().encode('sand '.repeat(100)) };
    const view = await addTo(vault, contents, 'private');
    expect(view).toMatchObject({ visibility: 'private', keyState: 'ok', name: 'holiday' });
    expect(view.metainfo?.files).toEqual([{ path: ['beach.txt'], length: 500, type: 'text/plain' }]);
    expect(view.key).toMatch(/^[\w-]{43}$/);
    const stored = [
      await vault.info(view.root),
      await vault.block(view.root, 0),
      await vault.block(view.root, 1),
    ];
    for (const bytes of stored) {
      const text = new TextDecoder('latin1').decode(bytes);
      expect(text.length).toBeGreaterThan(0);
      expect(text).not.toMatch(/beach|holiday|sand/);
    }
  });

  it('[CT11] seals the same files differently each time', async () => {
    const contents = { a: patternOf(1000, 1) };
    const first = await addTo(vault, contents, 'private');
    const second = await addTo(vault, contents, 'private');
    expect(second.root).not.toBe(first.root);
    expect(second.key).not.toBe(first.key);
  });

  it('[ST12] answers the same public files with the share that lists them', async () => {
    const contents = { a: patternOf(3 * BLOCK, 1) };
    const first = await addTo(vault, contents);
    await vault.setPaused(first.root, true);
    const second = await addTo(vault, contents);
    expect(second).toEqual({ ...first, paused: true });
    expect(await vault.shares()).toHaveLength(1);
  });

  it('[ST12] completes a share that was being downloaded', async () => {
    const contents = { a: patternOf(3 * BLOCK, 1) };
    const { root } = await addTo(createTestBrowser().openTab(), contents);
    await vault.want({ root, signaling: ['wss://a.example'] });
    const view = await addTo(vault, contents);
    expect(view).toMatchObject({ root, origin: 'downloaded', signaling: ['wss://a.example'] });
    expect(blocksIn(view)).toEqual([0, 1, 2]);
  });

  it('[ST12] stores what several shares have in common once', async () => {
    const common = patternOf(2 * BLOCK, 1);
    const first = await addTo(vault, { a: common });
    await addTo(vault, { 'set/a': common, 'set/b': patternOf(5, 2) });
    expect(await vault.usage()).toEqual({ blocks: 3, bytes: 2 * BLOCK + 5 });
    await vault.remove(first.root);
    expect(await vault.usage()).toEqual({ blocks: 3, bytes: 2 * BLOCK + 5 });
  });

  it('[ST19] has a share of empty files complete at once', async () => {
    const view = await addTo(vault, { 'set/a': patternOf(0, 0), 'set/b': patternOf(0, 0) });
    expect(view.metainfo).toMatchObject({ blockCount: 0, totalBytes: 0, missingHashes: [] });
    expect((await vault.read(view.root, ['b'])).size).toBe(0);
    const sealed = await addTo(vault, { a: patternOf(0, 0) }, 'private');
    expect(sealed).toMatchObject({ keyState: 'ok', name: 'a' });
    expect((await vault.read(sealed.root)).size).toBe(0);
  });

  it('[ST11] refuses what nobody would take before reading any of it', async () => {
    const file = new Blob([patternOf(10, 1)]);
    const unread = {
      size: 10,
      type: '',
      slice: () => expect.unreachable('the file was read'),
    } as unknown as Blob;
    for (const files of [
      [],
      [
        { path: ['a'], file: unread },
        { path: Array.from({ length: 32 }, () => 'deep'), file },
      ],
    ]) {
      const adding = vault.add(files, { visibility: 'public', job: 'x' }, () => undefined);
      await expect(adding).rejects.toMatchObject({ name: 'MetainfoError' });
    }
  });

  it('[ST11] refuses a private share whose names nobody could read before reading any of it', async () => {
    const unread = {
      size: 10,
      type: '',
      slice: () => expect.unreachable('the file was read'),
    } as unknown as Blob;
    const files = Array.from({ length: 40_000 }, (_, i) => ({
      path: [`${i}${'x'.repeat(240)}`, 'y'.repeat(240)],
      file: unread,
    }));
    const adding = vault.add(files, { visibility: 'private', job: 'x' }, () => undefined);
    await expect(adding).rejects.toMatchObject({ name: 'MetainfoError', code: 'too-large' });
  });

  it('[ST11] tells how far it is', async () => {
    const told: HashProgress[] = [];
    await vault.add(
      filesFrom({ a: patternOf(5 * BLOCK, 1), b: patternOf(7, 2) }),
      { visibility: 'private', job: 'x' },
      (progress) => told.push(progress),
    );
    const total = 5 * BLOCK + 7;
    expect(told.at(-1)).toEqual({ bytesDone: total, bytesTotal: total });
    expect(told.map(({ bytesDone }) => bytesDone)).toEqual(
      told.map(({ bytesDone }) => bytesDone).toSorted((a, b) => a - b),
    );
  });

  it('[ST20] has many small files under way at once', async () => {
    let waiting = 0;
    let most = 0;
    const tab = browser.openTab({
      stores: putting(async (write, block) => {
        waiting += 1;
        most = Math.max(most, waiting);
        // A disk that takes its time.
        await sleep(systemClock, 20);
        await write(block);
        waiting -= 1;
      }),
    });
    await addTo(tab, Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i}`, patternOf(i, i)])));
    // Eight fill a batch; fewer would each time wait for its time to be up.
    expect(most).toBeGreaterThan(32);
    expect(most).toBeLessThanOrEqual(64);
  });

  it('[ST20] holds no more than 24 MiB of a file at once, and never asks for all of it', async () => {
    const length = 160 * BLOCK;
    let reading = 0;
    let most = 0;
    let largest = 0;
    const pattern = new Blob([patternOf(length, 1)]);
    const file = {
      size: length,
      type: '',
      arrayBuffer: () => expect.unreachable('the whole file was read'),
      stream: () => expect.unreachable('the whole file was read'),
      slice(start: number, end: number) {
        largest = Math.max(largest, end - start);
        reading += end - start;
        most = Math.max(most, reading);
        return pattern.slice(start, end);
      },
    } as unknown as Blob;
    const stalled = browser.openTab({
      stores: putting(async (write, block) => {
        await write(block);
        reading -= block.data.byteLength;
      }),
    });
    await stalled.add([{ path: ['a'], file }], { visibility: 'public', job: 'x' }, () => undefined);
    expect(reading).toBe(0);
    expect(largest).toBe(8 * KIB * KIB);
    expect(most).toBe(24 * KIB * KIB);
  });
});

it('[CT11] takes its keys from the randomness it is given', async () => {
  const tab = browser.openTab({ random: createSeededRandom(1) });
  const other = createTestBrowser().openTab({ random: createSeededRandom(1) });
  const [first, second] = [
    await addTo(tab, { a: patternOf(9, 1) }, 'private'),
    await addTo(other, { a: patternOf(9, 1) }, 'private'),
  ];
  expect(first.key).toBe(second.key);
  expect(await viewIn(tab, second.root)).toBeDefined();
});
