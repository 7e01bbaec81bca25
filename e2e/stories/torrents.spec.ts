import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filesOf, infoHashOf, torrentFile, torrentOf, vectorNamed } from '../support/torrents.ts';
import { axeViolations } from '../support/axe.ts';
import { MIB, testFile } from '../support/files.ts';
import { slowFiles } from '../support/slow-files.ts';
import { TWO_SENTENCES } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

/** As much of a file as is read at a time to be checked, and how many times that one is read. */
const READ_BYTES = 2 * MIB;
const READS = 16;
const READS_AT_ONCE = 4;

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

test('checking files that are here already can be held up and given up, and what is right of them stays', async ({
  openTab,
  folder,
}) => {
  const file = testFile('had already.bin', READS * READ_BYTES);
  const path = join(folder, file.name);
  await writeFile(path, file.buffer);
  const a = await openTab();
  await a.page.getByTestId('visibility-public').click();
  const share = await a.sharePath(path);
  const [download] = await Promise.all([
    a.page.waitForEvent('download'),
    a.row(share.root).getByTestId('torrent-button').click(),
  ]);
  const torrent = {
    name: 'it.torrent',
    mimeType: '',
    buffer: await readFile(await download.path()),
    sha256: '',
  };
  // Nobody is there to fetch it from.
  await a.close();

  const b = await openTab();
  await b.offer([torrent]);
  await b.expectState(share.root, 'finding');
  const row = b.row(share.root);
  const have = row.getByRole('button', { name: `I have the files of ${file.name}` });
  const checking = row.getByTestId('supply-status');
  const press = (verb: string) =>
    checking.getByRole('button', { name: `${verb} checking the files of ${file.name}` }).click();
  const disk = await slowFiles(b.page);
  await disk.allow(3);
  await row.getByTestId('supply-input').setInputFiles(path);
  await b.expectProgress(share.root, 3 / READS);
  await expect(checking).toHaveAttribute('data-state', 'checking');
  await expect(checking.getByText(/^Checking your files: [1-9]\d? %$/)).toBeVisible();
  await expect(checking.getByRole('button', { name: /^Pause/ })).toBeFocused();
  await expect(
    checking.getByRole('progressbar', { name: `Checked of your files of ${file.name}` }),
  ).toBeVisible();
  await expect(have).toHaveCount(0);

  await press('Pause');
  await expect(checking).toHaveAttribute('data-state', 'paused');
  expect(await axeViolations(b.page)).toEqual([]);
  await disk.allow(2);
  await press('Resume');
  await expect(checking).toHaveAttribute('data-state', 'checking');
  await b.expectProgress(share.root, 5 / READS);

  await press('Stop');
  // It ends with the reads that are under way.
  await disk.allow(READS_AT_ONCE);
  await expect(checking).toHaveCount(0);
  await expect(have).toBeFocused();
  // It says that nobody has the share, and of no failure.
  await expect(row.locator('.error')).toHaveCount(0);
  const kept = await b.progress(share.root);
  expect(kept).toBeGreaterThanOrEqual(5 / READS);
  expect(kept).toBeLessThanOrEqual((5 + READS_AT_ONCE) / READS);

  await disk.allow(READS);
  await row.getByTestId('supply-input').setInputFiles(path);
  await b.expectState(share.root, 'complete');
  await expect(checking).toHaveCount(0);
  expect(await b.hashOf(share.root, file.name)).toBe(file.sha256);
});

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
