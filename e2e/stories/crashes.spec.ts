import { join } from 'node:path';
import type { Download } from 'playwright/test';
import { crash } from '../support/crash.ts';
import { KIB, MIB, testFile } from '../support/files.ts';
import { makeLargeFile } from '../support/large-file.ts';
import { createRandom } from '../support/random.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

const CRASHES = 10;
/** The higher, the more is left for a machine that is slow to crash a tab: 40 % of the file, if it goes as it goes furthest. */
const SPARE = 8;
/** Of all crashes together: what had come and was not yet on disk. */
const MAX_AGAIN_BYTES = 16 * MIB;
/** 12 bytes for every 64 KiB, and 32 for every block, with room to spare. */
const HEADERS_AND_HASHES_BYTES = 128 * KIB;

test('a download whose tab crashes ten times goes on each time, and fetches next to nothing again', async ({
  openTab,
  openProfile,
  folder,
  faults,
}) => {
  test.setTimeout(360_000);
  faults.expect(/^a tab crashed$/);
  const random = createRandom(process.env['SEED']);
  console.log(`seed ${random.seed}`);
  // At full speed: the more is under way, the more a crash can lose.
  const size = 256 * MIB;
  const file = await makeLargeFile(join(folder, 'against all odds.bin'), size);
  const sharer = await openTab();
  const share = await sharer.sharePath(file.path, { timeout: 60_000 });

  const profile = await openProfile();
  let { tab, tap } = await profile.openTappedTab();
  let received = 0;
  await tab.paste(share.link);
  for (let crashes = 1; crashes <= CRASHES; crashes += 1) {
    const before = await tab.progress(share.root);
    // As far as it gets, wherever that is: in the middle of a block, of a batch, of a transaction.
    // Of what is left always a part, so that some is left for every crash.
    const part = (0.3 + 0.7 * random.number()) / (CRASHES - crashes + SPARE);
    await tab.expectProgress(share.root, before + (1 - before) * part);
    const shown = await tab.progress(share.root);
    await crash(tab);
    received += tap.bulkReport();
    ({ tab, tap } = await profile.openTappedTab());
    await tab.expectState(share.root, /^(finding|fetching)$/);
    // What had been said to be there is there.
    expect(await tab.progress(share.root)).toBeGreaterThanOrEqual(shown);
    expect(await tab.progress(share.root)).toBeLessThan(1);
  }
  await tab.expectState(share.root, 'complete');
  expect(await tab.save(share.root)).toMatchObject({ sha256: file.sha256 });
  const again = received + (await tap.bulkReceived()) - size;
  console.log(`fetched again: ${(again / MIB).toFixed(1)} MiB`);
  expect(again).toBeGreaterThanOrEqual(0);
  expect(again).toBeLessThan(MAX_AGAIN_BYTES + HEADERS_AND_HASHES_BYTES);

  // What it serves is right to the last byte, though it alone is left.
  await sharer.close();
  const other = await openTab();
  await other.download(share);
  expect(await other.save(share.root)).toMatchObject({ sha256: file.sha256 });
  expect(await other.logNames(await tab.nodeId())).toBe(false);
});

test('a tab that crashes while it downloads, is downloaded from and saves leaves no wrong byte with anybody', async ({
  openTab,
  openProfile,
  faults,
}) => {
  faults.expect(/^a tab crashed$/);
  const file = testFile('shaken.bin', 48 * MIB);
  const { tab: sharer, tap } = await (await openProfile()).openTappedTab();
  const share = await sharer.share([file]);
  // There is time to crash in the middle.
  await tap.slowBulk(4 * MIB);
  const profile = await openProfile();
  let tab = await profile.openTab();
  const id = await tab.nodeId();
  await tab.paste(share.link);
  const guest = await openTab();
  await guest.paste(share.link);
  let given = 0;
  for (let crashes = 1; crashes <= 3; crashes += 1) {
    const saving = await beginSaving(tab, share.root);
    await tab.expectProgress(share.root, 0.2 * crashes);
    given += (await guest.status()).peers.find((peer) => peer.id === id)?.bytesReceived ?? 0;
    await crash(tab);
    // A part of the file is not taken for the file.
    expect(await saving.failure()).not.toBeNull();
    tab = await profile.openTab();
    await tab.expectState(share.root, /^(finding|fetching)$/);
  }
  await tap.releaseBulk();
  await guest.expectState(share.root, 'complete');
  await tab.expectState(share.root, 'complete');
  expect(await tab.save(share.root)).toMatchObject({ sha256: file.sha256 });
  expect(await guest.save(share.root)).toMatchObject({ sha256: file.sha256 });
  expect(given).toBeGreaterThan(MIB);
  expect(await guest.logNames(id)).toBe(false);
});

async function beginSaving(tab: Tab, root: string): Promise<Download> {
  const [download] = await Promise.all([
    tab.page.waitForEvent('download'),
    tab.row(root).getByTestId('save-button').click(),
  ]);
  return download;
}
