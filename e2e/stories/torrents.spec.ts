import { readFile } from 'node:fs/promises';
import { filesOf, infoHashOf, torrentFile, torrentOf, vectorNamed } from '../support/torrents.ts';
import { testFile } from '../support/files.ts';
import { TWO_SENTENCES } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

test('a public share is saved as a torrent file with the hash that libtorrent gives it, and goes on from there', async ({
  openTab,
}) => {
  const vector = vectorNamed('five pieces, not a power of two');
  const [file] = filesOf(vector);
  if (!file) throw new Error('a vector without files');
  const [a, b] = [await openTab(), await openTab()];
  const share = await a.share([file], { visibility: 'public' });
  expect(share.root).toBe(vector.infoHash);

  const [download] = await Promise.all([
    a.page.waitForEvent('download'),
    a.row(share.root).getByTestId('torrent-button').click(),
  ]);
  expect(download.suggestedFilename()).toBe('a.bin.torrent');
  const torrent = await readFile(await download.path());
  expect(infoHashOf(torrent, vector.infoBencodedHex.length / 2)).toBe(vector.infoHash);

  await b.expectPeers(1);
  await b.offer([{ name: 'a.bin.torrent', mimeType: '', buffer: torrent, sha256: '' }]);
  await b.expectState(share.root, 'complete');
  expect(await b.save(share.root)).toMatchObject({ name: 'a.bin', sha256: file.sha256 });
});

for (const name of ['smallest pieces', 'larger pieces'] as const) {
  test(`a torrent that libtorrent made is listed, and served from files that are here: ${name}`, async ({
    openTab,
  }) => {
    const vector = vectorNamed(name);
    const [file] = filesOf(vector);
    if (!file) throw new Error('a vector without files');
    const [a, b] = [await openTab(), await openTab()];
    // By itself it is a download that nobody has yet.
    await a.offer([torrentOf(vector)]);
    await a.expectState(vector.infoHash, 'finding');
    await a
      .row(vector.infoHash)
      .getByTestId('supply-input')
      .setInputFiles([testFile(file.name, file.buffer.length)]);
    await a.expectWord(vector.infoHash, /none of these files/i);
    await a.row(vector.infoHash).getByTestId('supply-input').setInputFiles([file]);
    await a.expectState(vector.infoHash, 'complete');

    const link = await a.row(vector.infoHash).getByTestId('share-link').inputValue();
    await b.download({ link, root: vector.infoHash });
    expect(await b.save(vector.infoHash)).toMatchObject({ name: file.name, sha256: file.sha256 });
  });
}

test('a torrent dropped together with its files is served at once', async ({ openTab }) => {
  const vector = vectorNamed('larger pieces');
  const [file] = filesOf(vector);
  if (!file) throw new Error('a vector without files');
  const a = await openTab();
  await a.offer([torrentOf(vector), file]);
  await a.expectState(vector.infoHash, 'complete');
  expect(await a.hashOf(vector.infoHash, file.name)).toBe(file.sha256);
});

test.describe('a torrent that cannot be taken is refused, and says why', () => {
  const name = '4:name3:old12:piece lengthi16384e';
  for (const [what, info, words] of [
    ['the old kind', `d6:lengthi5e${name}6:pieces20:${'a'.repeat(20)}e`, /BitTorrent v1/],
    [
      'a path that leads outside',
      `d9:file treed2:..d0:d6:lengthi0eeee12:meta versioni2e${name}e`,
      /unsafely/,
    ],
    ['no torrent at all', 'x', /damaged/],
  ] as const) {
    test(what, async ({ openTab }) => {
      const a = await openTab();
      await a.offer([torrentFile('refused', info)]);
      const error = a.page.getByRole('region', { name: 'Share files' }).getByRole('alert');
      await expect(error).toContainText(words);
      await expect(error).toContainText(TWO_SENTENCES);
      await expect(a.page.getByTestId('transfer')).toHaveCount(0);
    });
  }
});
