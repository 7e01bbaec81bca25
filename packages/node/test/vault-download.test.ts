import { idFromBytes, type Root } from '@tabswarm/protocol/ids';
import type { ShareView, VaultChange } from '@tabswarm/node/vault';
import { openStores } from '@tabswarm/store';
import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addTo,
  blocksIn,
  carryBlocks,
  carryMetainfo,
  createTestBrowser,
  hashOf,
  openPair,
  patternOf,
  SMALL_FOLDER,
  viewIn,
  type TestBrowser,
  type TestTab,
} from './vault-support.ts';

const BLOCK = 256 * 1024;
const NOWHERE = idFromBytes<Root>(new Uint8Array(32));

let source: TestTab;
let browser: TestBrowser;
let vault: TestTab;
beforeEach(() => {
  ({ source, browser, vault } = openPair());
});

describe('downloading', () => {
  let root: Root;
  beforeEach(async () => {
    ({ root } = await addTo(source, SMALL_FOLDER));
  });

  it('[ST15] lists what is wanted, knowing no more than the link', async () => {
    const view = await vault.want({ root, name: 'from the link', signaling: ['wss://a.example'] });
    expect(view).toMatchObject({
      root,
      name: 'from the link',
      origin: 'downloaded',
      keyState: 'none',
      paused: false,
    });
    expect(view.metainfo).toBeUndefined();
    expect(view.have.byteLength).toBe(0);
    expect(await vault.shares()).toEqual([view]);
    expect(await vault.info(root)).toBeUndefined();
    expect(await vault.block(root, 0)).toBeUndefined();
  });

  it('[ST15] goes from the info dictionary to hashes to blocks to files', async () => {
    await vault.want({ root, name: 'from the link', signaling: [] });
    const info = await source.info(root);
    const informed = await vault.putInfo(root, info ?? new ArrayBuffer(0));
    expect(informed.name).toBe('set');
    expect(informed.metainfo?.missingHashes).toEqual([{ file: 0, first: 0, count: 4 }]);
    const view = await carryMetainfo(source, vault, root);
    expect(view.metainfo?.missingHashes).toEqual([]);
    expect(await carryBlocks(source, vault, root)).toEqual(['kept', 'kept', 'kept', 'kept', 'kept']);
    for (const [path, bytes] of Object.entries(SMALL_FOLDER)) {
      expect(await hashOf(await vault.read(root, path.split('/')))).toBe(await hashOf(bytes));
    }
    // And it serves as the source does.
    const range = { file: 0, first: 2, count: 2 };
    expect(await hashOf(await vault.hashes(root, range))).toBe(
      await hashOf(await source.hashes(root, range)),
    );
    expect(await hashOf(await vault.info(root))).toBe(await hashOf(info));
    expect(await hashOf(await vault.torrent(root))).toBe(await hashOf(await source.torrent(root)));
    expect(await vault.torrent(root)).toBeDefined();
  });

  it('[ST15] refuses metainfo that is not the share’s, and stays as it was', async () => {
    const before = await vault.want({ root, signaling: [] });
    const other = await addTo(source, { x: patternOf(2 * BLOCK, 9) });
    const foreign = (await source.info(other.root)) ?? new ArrayBuffer(0);
    await expect(vault.putInfo(root, foreign)).rejects.toMatchObject({ name: 'CorruptError' });
    expect(await viewIn(vault, root)).toEqual(before);

    const informed = await vault.putInfo(root, (await source.info(root)) ?? new ArrayBuffer(0));
    const range = { file: 0, first: 0, count: 4 };
    const answer = (await source.hashes(root, range)) ?? new ArrayBuffer(0);
    new Uint8Array(answer)[40] = 1 ^ (new Uint8Array(answer)[40] ?? 0);
    await expect(vault.putHashes(root, range, answer)).rejects.toMatchObject({ name: 'CorruptError' });
    expect(await viewIn(vault, root)).toEqual(informed);
  });

  it('[ST15] refuses a block that is not what it should be, and takes the right one after it', async () => {
    await vault.want({ root, signaling: [] });
    await carryMetainfo(source, vault, root);
    const block = (await source.block(root, 1)) ?? new ArrayBuffer(0);
    const bad = block.slice();
    new Uint8Array(bad)[BLOCK - 1] = 1 ^ (new Uint8Array(bad)[BLOCK - 1] ?? 0);
    for (const wrong of [bad, block.slice(1), new ArrayBuffer(0), await source.block(root, 0)]) {
      expect(await vault.put(root, 1, wrong ?? new ArrayBuffer(0))).toBe('corrupt');
    }
    expect(await vault.usage()).toEqual({ blocks: 0, bytes: 0 });
    expect(await vault.put(root, 1, block)).toBe('kept');
    expect(blocksIn((await viewIn(vault, root)) as ShareView)).toEqual([1]);
    expect(await hashOf(await vault.block(root, 1))).toBe(await hashOf(await source.block(root, 1)));
  });

  it('[EX5] tells by its ticket which of several copies of a block was right, before it is stored', async () => {
    await vault.want({ root, signaling: [] });
    await carryMetainfo(source, vault, root);
    const seen: unknown[] = [];
    await vault.onChange((change) => change.type === 'share' || seen.push(change));
    for (const [index, isGoodFirst] of [true, false].entries()) {
      const good = (await source.block(root, index)) ?? new ArrayBuffer(0);
      const bad = good.slice();
      new Uint8Array(bad)[7] = 1 ^ (new Uint8Array(bad)[7] ?? 0);
      const copies = isGoodFirst ? [good, bad] : [bad, good];
      const verdicts = copies.map((bytes, ticket) => vault.put(root, index, bytes, ticket));
      expect(await Promise.all(verdicts)).toEqual(isGoodFirst ? ['kept', 'corrupt'] : ['corrupt', 'kept']);
      expect(seen.splice(0)).toEqual([
        { type: 'verified', ticket: isGoodFirst ? 0 : 1 },
        { type: 'blocks', root, indexes: [index] },
      ]);
    }
    // Nothing is told of bytes that nobody looked at, nor of a put that has no ticket.
    expect(await vault.put(root, 0, new ArrayBuffer(0), 2)).toBe('kept');
    expect(await carryBlocks(source, vault, root, [2])).toEqual(['kept']);
    expect(seen).toEqual([{ type: 'blocks', root, indexes: [2] }]);
  });

  it('[ST15] takes no block whose hash is not known', async () => {
    await vault.want({ root, signaling: [] });
    const block = (await source.block(root, 0)) ?? new ArrayBuffer(0);
    await expect(vault.put(root, 0, block.slice())).rejects.toMatchObject({ name: 'NotFoundError' });
    await vault.putInfo(root, (await source.info(root)) ?? new ArrayBuffer(0));
    await expect(vault.put(root, 0, block.slice())).rejects.toMatchObject({ name: 'NotFoundError' });
    await expect(vault.put(root, 99, block.slice())).rejects.toMatchObject({ name: 'NotFoundError' });
    // A file of one block has its hash in the info dictionary.
    expect(await carryBlocks(source, vault, root, [4])).toEqual(['kept']);
  });

  it('[ST15] tells of every block once it is kept', async () => {
    const changes: VaultChange[] = [];
    await vault.onChange((change) => changes.push(change));
    await vault.want({ root, signaling: [] });
    await carryMetainfo(source, vault, root);
    await carryBlocks(source, vault, root, [2, 0]);
    const blocks = changes.flatMap((change) => (change.type === 'blocks' ? change.indexes : []));
    expect(new Set(blocks)).toEqual(new Set([0, 2]));
    expect(changes.every((change) => change.type !== 'removed')).toBe(true);
  });

  it('[ST14] goes on where it was after a reload, from the blocks that are really there', async () => {
    await vault.want({ root, signaling: [] });
    await carryMetainfo(source, vault, root);
    await carryBlocks(source, vault, root, [0, 2, 4]);
    await vault.setPaused(root, true);
    const [lost] = await vault.stores.blocks.ids();
    const later = browser.openTab();
    const view = (await viewIn(later, root)) as ShareView;
    expect(blocksIn(view)).toEqual([0, 2, 4]);
    expect(view).toMatchObject({ paused: true, name: 'set' });
    // No list of its own says so: take a block away, and the next start knows.
    await vault.stores.blocks.delete(lost === undefined ? [] : [lost]);
    expect(blocksIn((await viewIn(browser.openTab(), root)) as ShareView)).toHaveLength(2);
    expect(await carryBlocks(source, later, root)).toHaveLength(5);
    expect(await hashOf(await later.read(root, ['a']))).toBe(await hashOf(SMALL_FOLDER['set/a']));
  });

  it('[ST12] needs no block that another share has', async () => {
    await addTo(vault, { 'the same': SMALL_FOLDER['set/a'] });
    await vault.want({ root, signaling: [] });
    const view = await carryMetainfo(source, vault, root);
    expect(blocksIn(view)).toEqual([0, 1, 2, 3]);
    await carryBlocks(source, vault, root, [4]);
    expect(await hashOf(await vault.read(root, ['a']))).toBe(await hashOf(SMALL_FOLDER['set/a']));
  });

  it('[ST12] has a block in every share as soon as it comes for one', async () => {
    const other = await addTo(source, { 'the same': SMALL_FOLDER['set/a'] });
    for (const each of [root, other.root]) {
      await vault.want({ root: each, signaling: [] });
      await carryMetainfo(source, vault, each);
    }
    const changes: VaultChange[] = [];
    await vault.onChange((change) => changes.push(change));
    await carryBlocks(source, vault, root, [1]);
    for (const each of [root, other.root]) {
      expect(blocksIn((await viewIn(vault, each)) as ShareView)).toEqual([1]);
      expect(changes).toContainEqual({ type: 'blocks', root: each, indexes: [1] });
    }
  });

  it('[ST18] reads a file as soon as all of that file is there, and says when it is not', async () => {
    await vault.want({ root, signaling: [] });
    await expect(vault.read(root, ['a'])).rejects.toMatchObject({ name: 'NotFoundError' });
    await carryMetainfo(source, vault, root);
    await carryBlocks(source, vault, root, [0, 1, 2, 4]);
    expect(await hashOf(await vault.read(root, ['b']))).toBe(await hashOf(SMALL_FOLDER['set/b']));
    expect((await vault.read(root, ['c'])).size).toBe(0);
    await expect(vault.read(root, ['a'])).rejects.toMatchObject({ name: 'IncompleteError' });
    for (const path of [undefined, ['x'], ['set'], [], ['a', 'b'], ['set', 'set', 'a']]) {
      await expect(vault.read(root, path)).rejects.toMatchObject({ name: 'NotFoundError' });
    }
  });

  it('[ST18] reads any stretch of a file', async () => {
    const bytes = SMALL_FOLDER['set/a'];
    for (const [start, end] of [
      [0, 5],
      [BLOCK - 3, BLOCK + 3],
      [17, 2 * BLOCK + 9],
      [3 * BLOCK, 3 * BLOCK + 5],
      [0, 10 * BLOCK],
      [9, 9],
      [-5, 3],
    ] as const) {
      const slice = new Uint8Array(await source.slice(root, ['a'], { start, end }));
      expect(await hashOf(slice)).toBe(await hashOf(bytes.slice(Math.max(0, start), Math.max(0, end))));
    }
  });

  it('[ST6] says so when the browser has lost a block', async () => {
    const ids = [...(await source.stores.blocks.ids())];
    const changes: VaultChange[] = [];
    await source.onChange((change) => changes.push(change));
    await source.stores.blocks.delete(ids.slice(0, 1));
    const view = changes.flatMap((change) => (change.type === 'share' ? [change.share] : [])).at(-1);
    expect(changes.map(({ type }) => type)).toEqual(['removed', 'share']);
    expect(view && blocksIn(view)).toHaveLength(4);
  });

  it('[ST13] forgets a share with its blocks, and knows nothing of it after', async () => {
    const changes: VaultChange[] = [];
    await source.onChange((change) => changes.push(change));
    await source.remove(root);
    expect(changes).toContainEqual({ type: 'removed', root });
    expect(await source.shares()).toEqual([]);
    expect(await source.usage()).toEqual({ blocks: 0, bytes: 0 });
    expect(await source.info(root)).toBeUndefined();
    expect(await source.hashes(root, { file: 0, first: 0, count: 4 })).toBeUndefined();
    await expect(source.read(root, ['b'])).rejects.toMatchObject({ name: 'NotFoundError' });
    await expect(source.setPaused(root, true)).rejects.toMatchObject({ name: 'NotFoundError' });
    await source.remove(root);
  });

  it('[ST13] keeps no block that arrives for a share just removed', async () => {
    await vault.want({ root, signaling: [] });
    await carryMetainfo(source, vault, root);
    const block = (await source.block(root, 0)) ?? new ArrayBuffer(0);
    const arriving = vault.put(root, 0, block);
    await vault.remove(root);
    await arriving;
    await expect.poll(() => vault.usage()).toEqual({ blocks: 0, bytes: 0 });
  });

  it('[ST15] says that it does not know a share', async () => {
    for (const attempt of [
      vault.putInfo(NOWHERE, new ArrayBuffer(0)),
      vault.putHashes(NOWHERE, { file: 0, first: 0, count: 1 }, new ArrayBuffer(0)),
      vault.put(NOWHERE, 0, new ArrayBuffer(0)),
      vault.read(NOWHERE),
    ]) {
      await expect(attempt).rejects.toMatchObject({ name: 'NotFoundError' });
    }
  });
});

it('[ST15] a pasted link adds to what is listed what it did not know', async () => {
  const { root } = await addTo(source, SMALL_FOLDER);
  const first = await vault.want({ root, signaling: ['wss://a.example'] });
  await vault.setPaused(root, true);
  const second = await vault.want({ root, name: 'n', signaling: ['wss://a.example', 'wss://b.example'] });
  expect(second).toEqual({
    ...first,
    paused: true,
    name: 'n',
    signaling: ['wss://a.example', 'wss://b.example'],
  });
});

it('[ST2] does all of it over IndexedDB', async () => {
  const disk = createTestBrowser(() => openStores({ name: 'vault-test' }));
  const [first, tab] = [disk.openTab(), disk.openTab()];
  const { root, key } = await addTo(source, SMALL_FOLDER, 'private');
  await first.want({ root, key, signaling: [] });
  await carryMetainfo(source, first, root);
  await carryBlocks(source, first, root);
  for (const each of [first, tab, disk.openTab()]) {
    await expect.poll(async () => (await viewIn(each, root))?.keyState).toBe('ok');
    expect(await hashOf(await each.read(root, ['a']))).toBe(await hashOf(SMALL_FOLDER['set/a']));
    each.close();
    each.stores.blocks.close();
    each.stores.shares.close();
  }
});
