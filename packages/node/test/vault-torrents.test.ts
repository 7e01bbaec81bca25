import { fromHex, utf8 } from '@tabswarm/protocol/bytes';
import type { Root } from '@tabswarm/protocol/ids';
import golden from '@tabswarm/testkit/bep52.json' with { type: 'json' };
import { beforeEach, describe, expect, it } from 'vitest';
import { matchFiles } from '../src/vault/match-files.ts';
import {
  addTo,
  blocksIn,
  createTestBrowser,
  filesFrom,
  hashOf,
  openPair,
  patternOf,
  supplyTo,
  viewIn,
  type TestTab,
} from './vault-support.ts';

const KIB = 1024;
const BLOCK = 256 * KIB;
const CONTENTS = {
  'set/a.bin': patternOf(2 * BLOCK + 1, 1),
  'set/b/c.txt': patternOf(10, 2),
  'set/b/empty': patternOf(0, 3),
};

let sharer: TestTab;
let vault: TestTab;
beforeEach(() => {
  ({ source: sharer, vault } = openPair());
});

async function imported(): Promise<Root> {
  const { root } = await addTo(sharer, CONTENTS);
  await vault.importTorrent(await sharer.torrent(root));
  return root;
}

const named = (path: string, length: number): { path: string[]; length: number } => ({
  path: path.split('/'),
  length,
});

describe('a share as a torrent file', () => {
  it('[CT17] [CT23] lists it elsewhere with all that has to be known before its blocks', async () => {
    const { root } = await addTo(sharer, CONTENTS);
    const view = await vault.importTorrent(await sharer.torrent(root));
    expect(view).toMatchObject({ root, name: 'set', visibility: 'public', origin: 'downloaded' });
    expect(view.metainfo?.files.map(({ path }) => path.join('/'))).toEqual(['a.bin', 'b/c.txt', 'b/empty']);
    expect(view.metainfo?.missingHashes).toEqual([]);
    expect(blocksIn(view)).toEqual([]);
    // What was taken in is on disk, and proves what others ask for.
    const asked = { file: 0, first: 0, count: 4 };
    expect(await hashOf(await vault.hashes(root, asked))).toBe(
      await hashOf(await sharer.hashes(root, asked)),
    );
  });

  it('[CT17] is written as soon as all of its hashes are known, and is the same from everybody', async () => {
    const { root } = await addTo(sharer, CONTENTS);
    const torrent = await sharer.torrent(root);
    await vault.importTorrent(torrent.slice(0));
    expect(await hashOf(await vault.torrent(root))).toBe(await hashOf(torrent));
    const other = createTestBrowser().openTab();
    await other.want({ root, signaling: [] });
    await expect(other.torrent(root)).rejects.toMatchObject({ name: 'IncompleteError' });
  });

  it('[CT23] adds to a listed share what was not known of it', async () => {
    const { root } = await addTo(sharer, CONTENTS);
    await vault.want({ root, name: 'from a link', signaling: ['wss://one.example'] });
    const view = await vault.importTorrent(await sharer.torrent(root));
    expect(view.signaling).toEqual(['wss://one.example']);
    expect(view.metainfo?.missingHashes).toEqual([]);
    // Once more changes nothing.
    expect(await vault.importTorrent(await sharer.torrent(root))).toEqual(view);
  });

  it('[CT24] lists nothing where it is refused, and says when it is of the old kind', async () => {
    const old = 'd4:infod6:lengthi5e4:name7:old.txt12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee';
    await expect(vault.importTorrent(utf8(old).buffer)).rejects.toMatchObject({ name: 'OldTorrentError' });
    await expect(vault.importTorrent(utf8('no').buffer)).rejects.toMatchObject({ name: 'MetainfoError' });
    expect(await vault.shares()).toEqual([]);
  });
});

describe('files that are here already', () => {
  it.each(golden.vectors)('[CT25] serve a torrent of other software: $name', async (vector) => {
    // Whatever pieces and names it was made with: they are not those that a share made here would have.
    const torrent = torrentOf(vector);
    const { root } = await vault.importTorrent(torrent);
    expect(root).toBe(vector.infoHash);
    const files = vector.files.map(({ path, length, seed }) => ({
      path: path.split('/'),
      file: new Blob([patternOf(length, seed)]),
    }));
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    expect(await supplyTo(vault, root, files)).toBe(size);
    const view = await viewIn(vault, root);
    expect(view && blocksIn(view).length).toBe(view?.metainfo?.blockCount);
    for (const { path, file } of files)
      expect(await hashOf(await vault.read(root, path))).toBe(await hashOf(file));
    expect(await vault.block(root, 0)).toBeDefined();
  });

  it('[CT25] are found under other folders and names, and proved by their hashes', async () => {
    const root = await imported();
    const files = filesFrom({
      'elsewhere/b/c.txt': patternOf(10, 2),
      'other.txt': patternOf(10, 77),
      'renamed.bin': patternOf(2 * BLOCK + 1, 1),
    });
    expect(await supplyTo(vault, root, files)).toBe(2 * BLOCK + 1 + 10);
  });

  it('[CT25] that differ are left alone, and what agrees before that is kept', async () => {
    const root = await imported();
    const changed = patternOf(2 * BLOCK + 1, 1);
    changed[BLOCK + 5] = 0xff ^ (changed[BLOCK + 5] as number);
    expect(await supplyTo(vault, root, filesFrom({ 'a.bin': changed, 'c.txt': patternOf(10, 3) }))).toBe(
      BLOCK,
    );
    const view = await viewIn(vault, root);
    expect(view && blocksIn(view)).toEqual([0]);
  });

  it('[CT25] are of no use to a private share', async () => {
    const { root, key } = await addTo(sharer, CONTENTS, 'private');
    await vault.want({ root, key, signaling: [] });
    await vault.putInfo(root, (await sharer.info(root)) as ArrayBuffer);
    expect(await supplyTo(vault, root, filesFrom(CONTENTS))).toBe(0);
  });
});

describe('matching files', () => {
  it('[CT25] goes by length, and then by how much of the path agrees from its end', () => {
    const wanted = [named('a/x', 5), named('b/x', 5), named('y', 7), named('empty', 0), named('z', 9)];
    const given = [named('top/b/x', 5), named('top/a/x', 5), named('called otherwise', 7), named('empty', 0)];
    expect([...matchFiles(wanted, given)]).toEqual([
      [0, 1],
      [1, 0],
      [2, 2],
    ]);
    // Two that might be, and nothing to choose by.
    expect([...matchFiles([named('q', 5)], given)]).toEqual([]);
  });
});

const binary = (hex: string): string => String.fromCharCode(...fromHex(hex));

/** As other software writes it, with what we pass over. One character is one byte. */
function torrentOf({ infoBencodedHex, pieceHashes }: (typeof golden.vectors)[number]): ArrayBuffer {
  const layers = Object.entries(pieceHashes as Readonly<Record<string, string>>)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([root, hashes]) => `32:${binary(root)}${hashes.length / 2}:${binary(hashes)}`);
  const text = [
    'd8:announce23:http://tracker.example/10:created by10:libtorrent4:info',
    binary(infoBencodedHex),
    `12:piece layersd${layers.join('')}ee`,
  ].join('');
  return Uint8Array.from(text, (char) => char.charCodeAt(0)).buffer;
}
