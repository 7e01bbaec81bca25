import {
  encodeInfo,
  encodeManifest,
  fileCipher,
  MAX_MANIFEST_BYTES,
  piecesRootOf,
  rootOf,
  VerifiedBlock,
} from '@tabswarm/content';
import { toBase64Url } from '@tabswarm/protocol/bytes';
import type { ShareView, VaultChange } from '@tabswarm/node/vault';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addTo,
  blocksIn,
  carryBlocks,
  carryMetainfo,
  hashOf,
  openPair,
  SMALL_FOLDER,
  viewIn,
  type TestBrowser,
  type TestTab,
} from './vault-support.ts';

const BLOCK = 256 * 1024;
const WRONG_KEY = toBase64Url(new Uint8Array(32).fill(7));

let source: TestTab;
let browser: TestBrowser;
let vault: TestTab;
beforeEach(() => {
  ({ source, browser, vault } = openPair());
});

describe('a private share', () => {
  let shared: ShareView;
  beforeEach(async () => {
    shared = await addTo(source, SMALL_FOLDER, 'private');
  });

  it('[ST16] is held and served without its key, but not read', async () => {
    const { root } = shared;
    await vault.want({ root, signaling: [] });
    const view = await carryMetainfo(source, vault, root);
    expect(view).toMatchObject({
      visibility: 'private',
      key: undefined,
      keyState: 'missing',
      name: undefined,
    });
    expect(view.metainfo?.files.map(({ path }) => path.join('/'))).toEqual([
      '00000001',
      '00000002',
      '00000003',
    ]);
    await carryBlocks(source, vault, root);
    expect(await hashOf(await vault.block(root, 1))).toBe(await hashOf(await source.block(root, 1)));
    await expect(vault.read(root, ['00000001'])).rejects.toMatchObject({ name: 'WrongKeyError' });
  });

  it('[ST16] is opened by the key when that comes later, now and after a reload', async () => {
    const { root, key } = shared;
    await vault.want({ root, signaling: [] });
    await carryMetainfo(source, vault, root);
    await carryBlocks(source, vault, root);
    const view = await vault.want({ root, key, signaling: [] });
    expect(view).toMatchObject({ keyState: 'ok', key, name: 'set' });
    expect(view.metainfo?.files.map(({ path }) => path.join('/'))).toEqual(['a', 'b', 'c']);
    for (const tab of [vault, browser.openTab()]) {
      expect((await viewIn(tab, root))?.keyState).toBe('ok');
      expect(await hashOf(await tab.read(root, ['a']))).toBe(await hashOf(SMALL_FOLDER['set/a']));
    }
  });

  it('[ST17] has its key checked as soon as the manifest is there', async () => {
    const { root, key } = shared;
    expect(await vault.want({ root, key, signaling: [] })).toMatchObject({
      visibility: 'private',
      keyState: 'unchecked',
    });
    await carryMetainfo(source, vault, root);
    await carryBlocks(source, vault, root, [1, 2]);
    expect((await viewIn(vault, root))?.keyState).toBe('unchecked');
    const changes: VaultChange[] = [];
    await vault.onChange((change) => changes.push(change));
    await carryBlocks(source, vault, root, [0]);
    const view = await viewIn(vault, root);
    expect(view).toMatchObject({ keyState: 'ok', name: 'set' });
    expect(changes.at(-1)).toEqual({ type: 'share', share: view });
  });

  it('[ST17] with a wrong key keeps its blocks, says so, and takes the right key after that', async () => {
    const { root, key } = shared;
    await vault.want({ root, key: WRONG_KEY, signaling: [] });
    await carryMetainfo(source, vault, root);
    expect(await carryBlocks(source, vault, root)).not.toContain('corrupt');
    const view = (await viewIn(vault, root)) as ShareView;
    expect(view.keyState).toBe('wrong');
    expect(blocksIn(view)).toHaveLength(view.metainfo?.blockCount ?? 0);
    await expect(vault.read(root, ['00000001'])).rejects.toMatchObject({ name: 'WrongKeyError' });
    expect(await vault.want({ root, key, signaling: [] })).toMatchObject({ keyState: 'ok', key });
    expect(await hashOf(await vault.read(root, ['b']))).toBe(await hashOf(SMALL_FOLDER['set/b']));
  });

  it('[ST17] says that a manifest cannot be read although the key is right', async () => {
    const key = new Uint8Array(32).fill(3);
    const plain = encodeManifest({ name: 'n', files: [{ path: ['..'], type: '' }] });
    const sealed = await (await fileCipher(key, 0)).apply(0, plain);
    const { length } = plain;
    const manifest = await VerifiedBlock.of(sealed.slice(), { height: 0 });
    const info = encodeInfo({
      name: 'sealed',
      pieceLength: BLOCK,
      sealed: true,
      files: [
        {
          path: ['00000000'],
          length,
          piecesRoot: piecesRootOf([manifest.id], { length, pieceLength: BLOCK }),
        },
        { path: ['00000001'], length: 0 },
      ],
    });
    const root = await rootOf(info);
    await vault.want({ root, key: toBase64Url(key), signaling: [] });
    expect(await vault.putInfo(root, info.buffer)).toMatchObject({ keyState: 'unchecked' });
    expect(await vault.put(root, 0, sealed)).toBe('kept');
    expect(await viewIn(vault, root)).toMatchObject({ keyState: 'unreadable' });
    await expect(vault.read(root)).rejects.toMatchObject({ name: 'MetainfoError' });
    // The key is right, so a link with another one does not take its place.
    expect(await vault.want({ root, key: WRONG_KEY, signaling: [] })).toMatchObject({
      key: toBase64Url(key),
    });
    expect((await viewIn(browser.openTab(), root))?.keyState).toBe('unreadable');
  });

  it('[ST17] says of a manifest that is too large that it cannot be read', async () => {
    const info = encodeInfo({
      name: 'sealed',
      pieceLength: BLOCK,
      sealed: true,
      files: [{ path: ['00000000'], length: MAX_MANIFEST_BYTES + 1, piecesRoot: new Uint8Array(32) }],
    });
    const root = await rootOf(info);
    await vault.want({ root, key: WRONG_KEY, signaling: [] });
    expect(await vault.putInfo(root, info.buffer)).toMatchObject({ keyState: 'unreadable' });
  });

  it('[ST17] does not lose a key that is right to a link with another', async () => {
    const { root, key } = shared;
    const view = await source.want({ root, key: WRONG_KEY, signaling: [] });
    expect(view).toMatchObject({ keyState: 'ok', key });
    expect(await source.want({ root, signaling: [] })).toMatchObject({ keyState: 'ok', key });
  });

  it('[ST17] takes no key that cannot be one', async () => {
    for (const key of ['', 'x', `${WRONG_KEY}A`, `${WRONG_KEY.slice(1)}*`]) {
      await expect(vault.want({ root: shared.root, key, signaling: [] })).rejects.toMatchObject({
        name: 'WrongKeyError',
      });
    }
    expect(await vault.shares()).toEqual([]);
  });

  it('[ST17] that turns out to be public needs no key', async () => {
    const { root } = await addTo(source, SMALL_FOLDER);
    expect((await vault.want({ root, key: WRONG_KEY, signaling: [] })).keyState).toBe('unchecked');
    const view = await carryMetainfo(source, vault, root);
    expect(view).toMatchObject({ visibility: 'public', keyState: 'none', key: undefined });
    await carryBlocks(source, vault, root);
    expect(await hashOf(await vault.read(root, ['b']))).toBe(await hashOf(SMALL_FOLDER['set/b']));
  });
});
