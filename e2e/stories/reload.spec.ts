import { KIB, MIB, testFile } from '../support/files.ts';
import { expect, test } from '../support/test.ts';

/** What one source is asked for ahead. */
const MAX_IN_FLIGHT_BYTES = 4 * MIB;
/** Blocks that are written together. */
const BATCH_BYTES = 8 * 256 * KIB;
/** 12 bytes for every 64 KiB, and 32 for every block, with room to spare. */
const HEADERS_AND_HASHES_BYTES = 64 * KIB;

test.describe('reloading', () => {
  test('a download goes on by itself, and fetches nothing again that it had', async ({ openProfile }) => {
    const size = 40 * MIB;
    const file = testFile('long.bin', size);
    const { tab: a, tap: sender } = await (await openProfile()).openTappedTab();
    const share = await a.share([file]);
    // Enough to get past 40 %, and too little to get there twice.
    await sender.holdBulkAfter(28 * MIB);
    const { tab: b, tap } = await (await openProfile()).openTappedTab();
    await b.paste(share.link);
    await b.expectProgress(share.root, 0.4);
    await b.expectState(share.root, 'fetching');
    expect(await b.progress(share.root)).toBeLessThan(1);
    await b.page.reload();
    expect(await b.progress(share.root)).toBeGreaterThanOrEqual(0.4);
    expect(await b.progress(share.root)).toBeLessThan(1);
    const before = await tap.bulkReceived();
    expect(before).toBeLessThan(size);

    await sender.releaseBulk();
    await b.expectState(share.root, 'complete');
    expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
    // What was in flight at the reload is lost, at most 4 MiB of one source and a batch of blocks not yet written.
    const received = await tap.bulkReceived();
    expect(received).toBeGreaterThanOrEqual(size);
    expect(received).toBeLessThan(size + MAX_IN_FLIGHT_BYTES + BATCH_BYTES + HEADERS_AND_HASHES_BYTES);
  });

  test('who shares goes on sharing', async ({ openTab }) => {
    const file = testFile('stays.bin', 2 * MIB);
    const a = await openTab();
    const share = await a.share([file]);
    const id = await a.nodeId();
    await a.page.reload();
    await a.expectState(share.root, 'sharing');
    expect(await a.nodeId()).toBe(id);
    const b = await openTab();
    await b.download(share);
    expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });
});
