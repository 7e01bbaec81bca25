import { crash } from '../support/crash.ts';
import { KIB, MIB, testFile } from '../support/files.ts';
import { createRandom } from '../support/random.ts';
import { expect, test } from '../support/test.ts';

const CRASHES = 10;
/** Of all crashes together: what had come and was not yet on disk. */
const MAX_AGAIN_BYTES = 16 * MIB;
/** 12 bytes for every 64 KiB, and 32 for every block, with room to spare. */
const HEADERS_AND_HASHES_BYTES = 64 * KIB;

test('a download whose tab crashes ten times goes on each time, and fetches next to nothing again', async ({
  openTab,
  openProfile,
  faults,
}) => {
  test.setTimeout(240_000);
  faults.expect(/^a tab crashed$/);
  const random = createRandom(process.env['SEED']);
  console.log(`seed ${random.seed}`);
  const size = 48 * MIB;
  const file = testFile('against all odds.bin', size);
  const { tab: sharer, tap: sender } = await (await openProfile()).openTappedTab();
  const share = await sharer.share([file]);
  await sender.slowBulk(6 * MIB);

  const profile = await openProfile();
  let { tab, tap } = await profile.openTappedTab();
  let received = 0;
  await tab.paste(share.link);
  for (let crashes = 1; crashes <= CRASHES; crashes += 1) {
    const before = await tab.progress(share.root);
    // As far as it gets, wherever that is: in the middle of a block, of a batch, of a transaction.
    await tab.expectProgress(share.root, before + 0.03 + random.number() * 0.05);
    await crash(tab);
    received += tap.bulkReport();
    ({ tab, tap } = await profile.openTappedTab());
    await tab.expectState(share.root, /^(finding|fetching)$/);
    // What had been said to be there is there.
    expect(await tab.progress(share.root)).toBeGreaterThanOrEqual(before);
    expect(await tab.progress(share.root)).toBeLessThan(1);
  }
  await sender.releaseBulk();
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
