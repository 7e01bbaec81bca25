import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chooseFolder, filesInFolder } from '../support/chosen-folder.ts';
import { testFile, type TestFile } from '../support/files.ts';
import { expect, test as base } from '../support/test.ts';

const FILES = 2_000;

const test = base.extend<{ folder: string }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads from it that this needs no other fixture
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'tabswarm-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

/** Nested six deep, every tenth empty, the others of up to 5 KB. */
function smallFiles(): [path: string, file: TestFile][] {
  return Array.from({ length: FILES }, (_, i) => {
    const folders = Array.from({ length: i % 6 }, (__, depth) => `level ${depth} ${i % (3 + depth)}`);
    const path = [...folders, `file ${i}.txt`].join('/');
    return [path, testFile(path, i % 10 === 0 ? 0 : (i * 37) % 5_000)];
  });
}

test('2,000 small files in nested folders arrive with their structure', async ({ openTab, folder }) => {
  const chosen = join(folder, 'Many');
  const files = smallFiles();
  for (const [path, { buffer }] of files) {
    await mkdir(dirname(join(chosen, path)), { recursive: true });
    await writeFile(join(chosen, path), buffer);
  }
  const [a, b] = [await openTab(), await openTab()];
  const t0 = Date.now();
  const share = await a.shareFolder(chosen);
  console.log('shared', Date.now() - t0);
  await chooseFolder(b.page);
  await b.paste(share.link);
  // Saved as it comes, not after it has come.
  await b.row(share.root).getByTestId('save-button').click();
  await b.expectState(share.root, 'complete');
  console.log('downloaded', Date.now() - t0);
  await b.expectSaved(share.root);
  console.log('saved', Date.now() - t0);
  expect(await filesInFolder(b.page)).toEqual(
    Object.fromEntries(files.map(([path, { sha256 }]) => [`Many/${path}`, sha256])),
  );
});
