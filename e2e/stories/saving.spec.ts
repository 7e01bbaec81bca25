import { readFile } from 'node:fs/promises';
import { chooseFolder, filesInFolder } from '../support/chosen-folder.ts';
import { downloaded, KIB, MIB, testFile } from '../support/files.ts';
import { expect, test } from '../support/test.ts';
import { filesInZip } from '../support/zip.ts';

const SIZE = 16 * MIB;
/** Bytes per second: there is time to look while it arrives, and what is read first comes first. */
const SLOWLY = 1 * MIB;

test.describe('a file is saved while it downloads', () => {
  test('by the browser’s downloads', async ({ openProfile, openTab }) => {
    const file = testFile('as it comes.bin', SIZE);
    const { tab: a, tap } = await (await openProfile()).openTappedTab();
    const share = await a.share([file]);
    await tap.slowBulk(SLOWLY);
    const b = await openTab();
    await b.paste(share.link);
    const [download] = await Promise.all([
      b.page.waitForEvent('download'),
      b.row(share.root).getByTestId('save-button').click(),
    ]);
    // Much of it is still with the sender, and part of it is on its way to disk.
    await expect(b.saving(share.root)).toContainText(/: [1-9]\d? % of 16\.8 MB/);
    await b.expectState(share.root, 'fetching');
    await tap.releaseBulk();
    expect(await downloaded(download)).toEqual({ name: file.name, sha256: file.sha256, size: SIZE });
    await b.expectSaved(share.root);
  });

  test('to a place that was chosen, where it has its name when it is whole', async ({
    openProfile,
    openTab,
  }) => {
    const file = testFile('as it comes.bin', SIZE);
    const { tab: a, tap } = await (await openProfile()).openTappedTab();
    const share = await a.share([file]);
    await tap.slowBulk(SLOWLY);
    const b = await openTab();
    await chooseFolder(b.page);
    await b.paste(share.link);
    await b.row(share.root).getByTestId('save-button').click();
    await expect(b.saving(share.root)).toContainText(/Saving .*: [1-9]\d? % of/);
    // What is written lies beside it, under a name of the browser's own.
    expect(await filesInFolder(b.page)).toMatchObject({ [file.name]: testFile('', 0).sha256 });
    await b.expectState(share.root, 'fetching');
    await tap.releaseBulk();
    await b.expectSaved(share.root);
    expect(await filesInFolder(b.page)).toEqual({ [file.name]: file.sha256 });
  });

  test('and stops when it is told to, leaving nothing', async ({ openProfile, openTab }) => {
    const { tab: a, tap } = await (await openProfile()).openTappedTab();
    const share = await a.share([testFile('never mind.bin', SIZE)]);
    await tap.slowBulk(SLOWLY);
    const b = await openTab();
    await chooseFolder(b.page);
    await b.paste(share.link);
    await b.row(share.root).getByTestId('save-button').click();
    await expect(b.saving(share.root)).toContainText(/: [1-9]\d? % of/);
    await b
      .saving(share.root)
      .getByRole('button', { name: /^Stop saving / })
      .click();
    await expect(b.saving(share.root)).toHaveCount(0);
    expect(await filesInFolder(b.page)).toEqual({});
    // The download itself goes on.
    await tap.releaseBulk();
    await b.expectState(share.root, 'complete');
  });

  test('over a reload in the middle, which it tells of, nothing is lost', async ({
    openProfile,
    openTab,
  }) => {
    const files = [testFile('small.bin', 300 * KIB), testFile('large.bin', SIZE)];
    const { tab: a, tap } = await (await openProfile()).openTappedTab();
    const share = await a.share(files);
    await tap.slowBulk(SLOWLY);
    const b = await openTab();
    await chooseFolder(b.page);
    await b.paste(share.link);
    await b.row(share.root).getByTestId('save-button').click();
    const folder = 'small.bin and 1 more';
    await expect
      .poll(() => filesInFolder(b.page))
      .toMatchObject({
        [`${folder}/small.bin`]: files[0]?.sha256,
        [`${folder}/NOT COMPLETE (Tabswarm).txt`]: /./,
      });

    b.page.on('dialog', (dialog) => void dialog.accept());
    await b.page.reload();
    await expect(b.saving(share.root)).toContainText(/interrupted/);
    await tap.releaseBulk();
    await b.expectState(share.root, 'complete');
    await chooseFolder(b.page);
    await b.row(share.root).getByTestId('save-button').click();
    await b.expectSaved(share.root);
    expect(await filesInFolder(b.page)).toEqual(
      Object.fromEntries(files.map(({ name, sha256 }) => [`${folder}/${name}`, sha256])),
    );
  });
});

test('several files are saved as one ZIP where a folder cannot be chosen, one of them by itself', async ({
  openTab,
}) => {
  const files = [testFile('one.bin', 300 * KIB), testFile('two.bin', 5 * MIB), testFile('none.bin', 0)];
  const [a, b] = [await openTab(), await openTab()];
  const share = await a.share(files);
  await b.download(share);
  const [zip] = await Promise.all([
    b.page.waitForEvent('download'),
    b.row(share.root).getByTestId('save-button').click(),
  ]);
  expect(zip.suggestedFilename()).toBe('one.bin and 2 more.zip');
  expect(filesInZip(await readFile(await zip.path()))).toEqual(
    Object.fromEntries(files.map(({ name, sha256 }) => [`one.bin and 2 more/${name}`, sha256])),
  );

  await b.row(share.root).getByText('3 files').click();
  const [alone] = await Promise.all([
    b.page.waitForEvent('download'),
    b.row(share.root).getByRole('button', { name: 'Save two.bin' }).click(),
  ]);
  expect(await downloaded(alone)).toMatchObject({ name: 'two.bin', sha256: files[1]?.sha256 });
});

test('names that some system cannot hold are made safe, and told', async ({ openTab }) => {
  const names = {
    'READ ME.txt': 'READ ME.txt',
    'Read me.txt': 'Read me (2).txt',
    'CON.txt': '_CON.txt',
    'what? now*.txt': 'what_ now_.txt',
    'notes.': 'notes_',
    'C:\\Windows\\win.ini': 'C__Windows_win.ini',
    '../../etc/passwd': '.__.._etc_passwd',
    'cafe\u0301.txt': 'cafe\u0301.txt',
    'caf\u00e9.txt': 'caf\u00e9 (2).txt',
    [`${'long '.repeat(60)}.txt`]: `${'long '.repeat(60).slice(0, 236)}.txt`,
  };
  const files = Object.keys(names).map((name, i) => testFile(name, 100 + i));
  const [a, b] = [await openTab(), await openTab()];
  const share = await a.drop(files);
  await chooseFolder(b.page);
  await b.download(share);
  await b.row(share.root).getByTestId('save-button').click();
  await b.expectSaved(share.root);
  const folder = 'READ ME.txt and 9 more';
  expect(await filesInFolder(b.page)).toEqual(
    Object.fromEntries(Object.values(names).map((name, i) => [`${folder}/${name}`, files[i]?.sha256])),
  );
  const told = b.saving(share.root).getByTestId('save-renamed');
  await told.getByText('8 names are changed').click();
  await expect(told).toContainText(`${folder}/Read me.txt is saved as ${folder}/Read me (2).txt`);
  await expect(told).toContainText(`${folder}/CON.txt is saved as ${folder}/_CON.txt`);
});
