import { join } from 'node:path';
import { chooseFolder, filesInFolder } from '../support/chosen-folder.ts';
import { MIB } from '../support/files.ts';
import { makeLargeFile, sha256OfFile } from '../support/large-file.ts';
import { watchRenderers } from '../support/renderers.ts';
import { expect, test } from '../support/test.ts';

const SIZE = 512 * MIB;
/**
 * `npm run bench -- large` holds both tabs to 200 MiB for a file of 4 GiB. For this one the tab that shares grows by up to
 * 95 while it hashes, or by 170 and more where blocks that were sent are held on to, and the other by 50 to 80, or by 134
 * and more where what has passed through is not collected.
 */
const MAX_GROWTH = 130 * MIB;
const MAX_GROWTH_OF_ONE = 110 * MIB;
const MINUTE_MS = 60_000;

test('a file of 512 MiB goes from disk to disk, and the memory of both tabs stays small', async ({
  browser,
  openTab,
  folder,
}) => {
  test.setTimeout(8 * MINUTE_MS);
  const file = await makeLargeFile(join(folder, 'large.bin'), SIZE);
  const [a, b] = [await openTab(), await openTab()];
  await b.expectPeers(1);
  const memory = await watchRenderers(browser);
  const share = await a.sharePath(file.path, { timeout: 3 * MINUTE_MS });
  await b.paste(share.link);
  const [download] = await Promise.all([
    b.page.waitForEvent('download'),
    b.row(share.root).getByTestId('save-button').click(),
  ]);
  const path = await download.path();
  await b.expectSaved(share.root, { timeout: MINUTE_MS });
  // And once more when all of it is here, to a place that is chosen. What is said of the first save is not taken for it.
  await b.saving(share.root).getByRole('button', { name: 'Dismiss' }).click();
  await expect(b.saving(share.root)).toHaveCount(0);
  await chooseFolder(b.page);
  await b.row(share.root).getByTestId('save-button').click();
  await b.expectSaved(share.root, { timeout: 3 * MINUTE_MS });
  const growth = await memory?.stop();
  expect(await sha256OfFile(path)).toBe(file.sha256);
  // Reading it takes memory of its own, so not before that is measured.
  expect(await filesInFolder(b.page)).toEqual({ 'large.bin': file.sha256 });
  // Known on some systems only.
  if (!growth) return;
  const [most = 0, other = 0] = growth.toSorted((one, two) => two - one);
  console.log(`the tabs grew by ${Math.round(most / MIB)} and ${Math.round(other / MIB)} MiB`);
  expect(other).toBeGreaterThan(0);
  expect(most).toBeLessThan(MAX_GROWTH);
  expect(other).toBeLessThan(MAX_GROWTH_OF_ONE);
});
