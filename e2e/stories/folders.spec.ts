import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chooseFolder, filesInFolder } from '../support/chosen-folder.ts';
import { testFile, type TestFile } from '../support/files.ts';
import { expect, test } from '../support/test.ts';

const FILES = 2_000;

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
  const share = await a.shareFolder(chosen);
  await chooseFolder(b.page);
  await b.paste(share.link);
  // Saved as it comes, not after it has come.
  await b.row(share.root).getByTestId('save-button').click();
  await b.expectState(share.root, 'complete');
  await b.expectSaved(share.root);
  expect(await filesInFolder(b.page)).toEqual(
    Object.fromEntries(files.map(([path, { sha256 }]) => [`Many/${path}`, sha256])),
  );
});
