import { sleep, systemClock } from '@tabswarm/base';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addTo,
  blocksIn,
  hashOf,
  createTestBrowser,
  filesFrom,
  patternOf,
  putting,
  type TestBrowser,
  type TestTab,
} from './vault-support.ts';

const BLOCK = 256 * 1024;

let browser: TestBrowser;
let vault: TestTab;
beforeEach(() => {
  browser = createTestBrowser();
  vault = browser.openTab();
});

const closed = (): Promise<never> => Promise.reject(new Error('closed'));

describe('an add that does not end well', () => {
  const contents = { a: patternOf(40 * BLOCK, 1) };

  it('[ST11] leaves nothing behind when it is cancelled', async () => {
    let cancelled: Promise<void> | undefined;
    const adding = vault.add(filesFrom(contents), { visibility: 'public', job: 'mine' }, ({ bytesDone }) => {
      expect(bytesDone).toBeGreaterThan(0);
      cancelled ??= vault.cancel('mine');
    });
    await expect(adding).rejects.toMatchObject({ name: 'AbortError' });
    await cancelled;
    expect(await vault.shares()).toEqual([]);
    expect(await vault.usage()).toEqual({ blocks: 0, bytes: 0 });
    // The name is free again, and cancelling what is not there does nothing.
    await vault.cancel('mine');
    expect(blocksIn(await addTo(vault, contents))).toHaveLength(40);
  });

  it('[ST11] is not taken for cancelled where IndexedDB breaks off what is stored', async () => {
    const broken = browser.openTab({
      stores: putting(() => Promise.reject(new DOMException('closed', 'AbortError'))),
    });
    await expect(addTo(broken, contents)).rejects.toMatchObject({
      name: 'Error',
      cause: { name: 'AbortError' },
    });
  });

  it('[ST11] keeps what another share has when it is cancelled', async () => {
    const kept = await addTo(vault, { b: patternOf(2 * BLOCK, 1) });
    const adding = vault.add(
      filesFrom(contents),
      { visibility: 'public', job: 'mine' },
      () => void vault.cancel('mine'),
    );
    await expect(adding).rejects.toMatchObject({ name: 'AbortError' });
    expect(await vault.usage()).toEqual({ blocks: 2, bytes: 2 * BLOCK });
    expect(await hashOf(await vault.read(kept.root))).toBe(await hashOf(patternOf(2 * BLOCK, 1)));
  });

  it('[ST11] is cancelled even when all but the listing is done', async () => {
    const adding = vault.add(filesFrom(contents), { visibility: 'public', job: 'mine' }, (progress) => {
      if (progress.bytesDone === progress.bytesTotal) void vault.cancel('mine');
    });
    await expect(adding).rejects.toMatchObject({ name: 'AbortError' });
    expect(await vault.shares()).toEqual([]);
  });

  it.each(['lacking', 'putHashes'] as const)(
    '[ST11] is cancelled even during the listing: in %s',
    async (step) => {
      let cancelled: Promise<void> | undefined;
      const tab = browser.openTab({
        stores: ({ blocks, shares }) => ({
          blocks: {
            ...blocks,
            lacking(ids) {
              if (step === 'lacking') cancelled = tab.cancel('mine');
              return blocks.lacking(ids);
            },
          },
          shares: {
            ...shares,
            putHashes(root, chunks) {
              if (step === 'putHashes') cancelled = tab.cancel('mine');
              return shares.putHashes(root, chunks);
            },
          },
        }),
      });
      const adding = tab.add(filesFrom(contents), { visibility: 'public', job: 'mine' }, () => undefined);
      await expect(adding).rejects.toMatchObject({ name: 'AbortError' });
      await cancelled;
      expect(await tab.shares()).toEqual([]);
      expect(await tab.usage()).toEqual({ blocks: 0, bytes: 0 });
    },
  );

  it('[ST11] has written its last block before it cleans up', async () => {
    let puts = 0;
    const tab = browser.openTab({
      stores: putting(async (write, block) => {
        puts += 1;
        if (puts === 1) throw new DOMException('no such store', 'NotFoundError');
        await sleep(systemClock, 30);
        await write(block);
      }),
    });
    await expect(addTo(tab, contents)).rejects.toMatchObject({ name: 'NotFoundError' });
    expect(puts).toBeGreaterThan(1);
    await sleep(systemClock, 60);
    expect(await tab.usage()).toEqual({ blocks: 0, bytes: 0 });
  });

  it('[ST11] fails where the file is shorter than it was', async () => {
    const bytes = patternOf(BLOCK + 5, 1);
    const file = new Blob([bytes]);
    Object.defineProperty(file, 'size', { value: BLOCK + 6 });
    const adding = vault.add([{ path: ['a'], file }], { visibility: 'public', job: 'x' }, () => undefined);
    await expect(adding).rejects.toMatchObject({ name: 'NotReadableError' });
    expect(await vault.usage()).toEqual({ blocks: 0, bytes: 0 });
  });

  it('[ST21] is cleared away at the next start, when the tab was closed in the middle', async () => {
    const { root } = await addTo(vault, { b: patternOf(BLOCK, 2) });
    // A tab that is closed neither lists its share nor cleans up.
    const dying = browser.openTab({
      stores: ({ blocks, shares }) => ({
        blocks: { ...blocks, delete: closed },
        shares: { ...shares, update: closed },
      }),
    });
    await expect(addTo(dying, contents)).rejects.toThrow('closed');
    expect((await vault.usage()).blocks).toBe(41);

    const next = browser.openTab();
    await expect.poll(() => next.usage()).toEqual({ blocks: 1, bytes: BLOCK });
    expect(await hashOf(await next.read(root))).toBe(await hashOf(patternOf(BLOCK, 2)));
  });

  it('[ST21] leaves no metainfo either, when the tab was closed before the share was listed or while it was removed', async () => {
    const [kept, removed] = [
      await addTo(vault, { b: patternOf(5, 2) }),
      await addTo(vault, { c: patternOf(BLOCK + 5, 3) }),
    ];
    const { shares } = vault.stores;
    const [info, hashes] = [await shares.info(removed.root), await shares.hashes(removed.root)];
    expect(hashes).toHaveLength(1);
    // All that a removal does before its tab is closed, and all that an add does.
    await shares.remove(removed.root);
    await shares.putInfo(removed.root, info ?? new ArrayBuffer(0));
    await shares.putHashes(removed.root, hashes);

    const next = browser.openTab();
    await next.shares();
    await expect.poll(() => shares.info(removed.root)).toBeUndefined();
    await expect.poll(() => shares.hashes(removed.root)).toEqual([]);
    await expect.poll(() => next.usage()).toEqual({ blocks: 1, bytes: 5 });
    expect(await hashOf(await next.read(kept.root))).toBe(await hashOf(patternOf(5, 2)));
  });

  it('[ST13] is not robbed of its blocks by a removal meanwhile, which then happens later', async () => {
    const removed = await addTo(vault, { b: patternOf(3 * BLOCK, 7) });
    let removing: Promise<void> | undefined;
    const adding = vault.add(filesFrom(contents), { visibility: 'public', job: 'x' }, () => {
      removing ??= vault.remove(removed.root);
    });
    const added = await adding;
    await removing;
    expect(blocksIn(added)).toHaveLength(40);
    expect(await hashOf(await vault.read(added.root))).toBe(await hashOf(contents.a));
    await expect.poll(() => vault.usage()).toEqual({ blocks: 40, bytes: 40 * BLOCK });
  });

  it('[ST11] has one job of a name at a time', async () => {
    const options = { visibility: 'public', job: 'same' } as const;
    const first = vault.add(filesFrom(contents), options, () => undefined);
    await expect(vault.add(filesFrom(contents), options, () => undefined)).rejects.toBeInstanceOf(TypeError);
    await first;
  });
});
