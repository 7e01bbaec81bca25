import { KIB, MIB, testFile } from '../support/files.ts';
import type { SurfaceWindow } from '../support/surface.ts';
import { expect, test } from '../support/test.ts';

/** What may be received for a file beyond its own bytes: its manifest, headers, hashes, and what was asked for twice. */
const OVERHEAD = 1.05;

const FILES = [
  testFile('before.bin', 12 * MIB),
  testFile('chosen.bin', 6 * MIB),
  testFile('after.bin', 9 * MIB + 5),
  testFile('small.txt', 20 * KIB),
];
const [, CHOSEN] = FILES;

test.describe('choosing files of a share', () => {
  for (const visibility of ['private', 'public'] as const) {
    test(`one file of a ${visibility} folder costs its own blocks and no others`, async ({ openProfile }) => {
      const a = await (await openProfile()).openTab();
      const share = await a.share(FILES, { visibility });
      const { tab: b, tap } = await (await openProfile()).openTappedTab();
      await b.page.evaluate(
        ([link, path]) => (globalThis as unknown as SurfaceWindow).tabswarm.download(link, { files: [path] }),
        [share.link, 'chosen.bin'] as const,
      );
      await b.expectState(share.root, 'complete');
      expect(await b.progress(share.root)).toBe(1);
      await expect(b.row(share.root)).toContainText('Complete: 1 of 4 files');
      const size = CHOSEN?.buffer.byteLength ?? 0;
      const received = await tap.bulkReceived();
      expect(received).toBeGreaterThanOrEqual(size);
      expect(received).toBeLessThanOrEqual(size * OVERHEAD);
      expect(await b.hashOf(share.root, 'chosen.bin')).toBe(CHOSEN?.sha256);
      // What was chosen is kept over a reload, and nothing more is fetched.
      await b.page.reload();
      await b.expectState(share.root, 'complete');
      await expect(b.row(share.root)).toContainText('Complete: 1 of 4 files');
      expect(await tap.bulkReceived()).toBe(received);
    });
  }

  test('on the page: the list first, then one file, then another before the rest', async ({
    openProfile,
  }) => {
    const a = await (await openProfile()).openTab();
    const share = await a.share(FILES);
    const { tab: b, tap } = await (await openProfile()).openTappedTab();
    await b.page.getByTestId('choose-first').check();
    await b.paste(share.link);
    await b.expectState(share.root, 'paused');
    const row = b.row(share.root);
    await expect(row).toContainText('Choose what to download');
    const file = (path: string) => row.locator(`[data-testid="file"][data-path="${path}"]`);
    await expect(row.getByTestId('file')).toHaveCount(4);
    expect(await tap.bulkReceived()).toBeLessThan(64 * KIB);

    await file('chosen.bin').getByTestId('file-priority').selectOption('normal');
    await b.expectState(share.root, 'complete');
    await expect(file('chosen.bin')).toHaveAttribute('data-here', 'true');
    const [download] = await Promise.all([
      b.page.waitForEvent('download'),
      file('chosen.bin').getByTestId('save-file-button').click(),
    ]);
    expect(download.suggestedFilename()).toBe('chosen.bin');

    await row.getByTestId('choose-all').click();
    await expect(row).not.toContainText('of 4 files');
    await b.expectState(share.root, 'complete');
    for (const { name, sha256 } of FILES) expect(await b.hashOf(share.root, name)).toBe(sha256);
    const sum = FILES.reduce((total, { buffer }) => total + buffer.byteLength, 0);
    expect(await tap.bulkReceived()).toBeLessThanOrEqual(sum * OVERHEAD);
  });

  test('a file that is to be had first comes before all others', async ({ openProfile }) => {
    const { tab: a, tap: sender } = await (await openProfile()).openTappedTab();
    const share = await a.share(FILES);
    await sender.slowBulk(4 * MIB);
    const { tab: b } = await (await openProfile()).openTappedTab();
    await b.paste(share.link);
    const row = b.row(share.root);
    await row.getByText('4 files').click();
    const file = (path: string) => row.locator(`[data-testid="file"][data-path="${path}"]`);
    await file('after.bin').getByTestId('file-priority').selectOption('first');
    await expect(file('after.bin')).toHaveAttribute('data-here', 'true');
    for (const other of ['before.bin', 'chosen.bin']) {
      await expect(file(other)).toHaveAttribute('data-here', 'false', { timeout: 1 });
    }
    await sender.releaseBulk();
    await b.expectState(share.root, 'complete');
  });

  test('a file that is not there is told of', async ({ openTab }) => {
    const [a, b] = [await openTab(), await openTab()];
    const share = await a.share(FILES);
    const failure = await b.page.evaluate(
      (link) =>
        (globalThis as unknown as SurfaceWindow).tabswarm
          .download(link, { files: ['no such.bin'] })
          .catch((cause: unknown) => String(cause)),
      share.link,
    );
    expect(failure).toMatch(/NotFoundError.*no such\.bin/);
  });
});
