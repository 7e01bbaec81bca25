import { makeLargeFile, sha256OfFile } from '../support/large-file.ts';
import { MIB } from '../support/files.ts';
import { watchRenderers } from '../support/renderers.ts';
import { expect, test } from '../support/test.ts';

const SIZE = Number(process.env['MIBS'] ?? 512) * MIB;
const MINUTE_MS = 60_000;

test('a file of 512 MiB goes from disk to disk, and the memory of both tabs stays small', async ({
  browser,
  openTab,
}) => {
  test.setTimeout(8 * MINUTE_MS);
  const file = await makeLargeFile('large.bin', SIZE);
  try {
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
    const growth = await memory?.stop();
    expect(await sha256OfFile(path)).toBe(file.sha256);
    console.log((growth ?? []).map((g) => g / MIB));
    for (const bytes of growth ?? []) expect(bytes / MIB).toBeLessThan(200);
  } finally {
    await file.remove();
  }
});
