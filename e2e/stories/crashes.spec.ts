import { join } from 'node:path';
import { crash } from '../support/crash.ts';
import { KIB, MIB } from '../support/files.ts';
import { makeLargeFile } from '../support/large-file.ts';
import { createRandom } from '../support/random.ts';
import { expect, test } from '../support/test.ts';

const CRASHES = 10;
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
    await tab.expectProgress(share.root, before + 0.03 + random.number() * 0.05);
    await crash(tab);
    received += tap.bulkReport();
    ({ tab, tap } = await profile.openTappedTab());
    await tab.expectState(share.root, /^(finding|fetching)$/);
    // What had been said to be there is there.
    expect(await tab.progress(share.root)).toBeGreaterThanOrEqual(before);
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
