import { readFile } from 'node:fs/promises';
import type { Locator } from 'playwright/test';
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

  test('to a file that was picked, which is empty until it is whole', async ({ openProfile, openTab }) => {
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
  const long = 'long '.repeat(60);
  /** What each is called in the share, where other than here, and how it is saved. */
  const names: readonly [name: string, shared: string, saved: string][] = [
    ['READ ME.txt', 'READ ME.txt', 'READ ME.txt'],
    ['Read me.txt', 'Read me.txt', 'Read me (2).txt'],
    ['CON.txt', 'CON.txt', '_CON.txt'],
    ['what? now*.txt', 'what? now*.txt', 'what_ now_.txt'],
    ['notes.', 'notes.', 'notes_'],
    ['C:\\Windows\\win.ini', 'C:_Windows_win.ini', 'C__Windows_win.ini'],
    ['../../etc/passwd', '.._.._etc_passwd', '.__.._etc_passwd'],
    ['a_b.txt', 'a_b.txt', 'a_b.txt'],
    ['a\\b.txt', 'a_b (2).txt', 'a_b (2).txt'],
    ['cafe\u0301.txt', 'cafe\u0301.txt', 'cafe\u0301.txt'],
    ['caf\u00e9.txt', 'caf\u00e9.txt', 'caf\u00e9 (2).txt'],
    [`${long}.txt`, `${long.slice(0, 251)}.txt`, `${long.slice(0, 236)}.txt`],
  ];
  const files = names.map(([name], i) => testFile(name, 100 + i));
  const [a, b] = [await openTab(), await openTab()];
  const share = await a.drop(files);
  await chooseFolder(b.page);
  await b.download(share);
  await b.row(share.root).getByTestId('save-button').click();
  await b.expectSaved(share.root);
  const folder = 'READ ME.txt and 11 more';
  expect(await filesInFolder(b.page)).toEqual(
    Object.fromEntries(names.map(([, , saved], i) => [`${folder}/${saved}`, files[i]?.sha256])),
  );

  // By whoever changed it: the one who shares it, or the one who saves it. Nothing else is told.
  expect(await toldNames(a.row(share.root))).toEqual(
    changed(names.map(([name, shared]) => [name, 'is shared as', shared])),
  );
  expect(await toldNames(b.saving(share.root))).toEqual(
    changed(names.map(([, shared, saved]) => [`${folder}/${shared}`, 'is saved as', `${folder}/${saved}`])),
  );
});

async function toldNames(row: Locator): Promise<string[]> {
  const told = row.getByTestId('renamed');
  await told.locator('summary').click();
  return (await told.getByRole('listitem').allTextContents()).toSorted();
}

/** As they are told: of all lines those where something changes. */
function changed(lines: readonly (readonly [from: string, verb: string, to: string])[]): string[] {
  return lines
    .filter(([from, , to]) => from !== to)
    .map((line) => line.join(' '))
    .toSorted();
}
