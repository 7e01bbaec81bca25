import type { Locator, Page } from 'playwright/test';
import { MIB, testFile } from '../support/files.ts';
import type { SurfaceWindow } from '../support/surface.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

/** What the sender's row says of that receiver. */
function receiverAt(sender: Tab, root: string, peer: string): Locator {
  return sender.row(root).locator(`[data-testid="receiver"][data-peer="${peer}"]`);
}

/** Closes as a person would; answers whether the browser asked first, in which case the page stays. */
async function asksBeforeClosing(page: Page): Promise<boolean> {
  const asked = new Promise<boolean>((resolve) => {
    page.once('dialog', (dialog) => {
      expect(dialog.type()).toBe('beforeunload');
      void dialog.dismiss().then(() => resolve(true));
    });
    page.once('close', () => resolve(false));
  });
  await page.close({ runBeforeUnload: true });
  return asked;
}

test.describe('a sender', () => {
  test('sees each receiver, how far it is, and that all has arrived and was verified', async ({
    openProfile,
    openTab,
  }) => {
    const { tab: a, tap } = await (await openProfile()).openTappedTab();
    const [b, c] = [await openTab(), await openTab()];
    const share = await a.share([testFile('for two.bin', 16 * MIB)]);
    await tap.holdBulkAfter(6 * MIB);
    await b.paste(share.link);
    const rowOfB = receiverAt(a, share.root, await b.nodeId());
    await expect(rowOfB).toHaveAttribute('data-progress', /^0\.[1-9]/);
    await expect(rowOfB).toHaveAttribute('data-state', /receiving|waiting/);
    await expect(rowOfB).toHaveAttribute('data-verified', 'false');
    await expect(rowOfB).toHaveAttribute('data-route', 'direct');
    await tap.releaseBulk();
    await b.expectState(share.root, 'complete');
    await expect(rowOfB).toHaveAttribute('data-state', 'done');
    await expect(rowOfB).toHaveAttribute('data-verified', 'true');
    await expect(rowOfB).toContainText('Has all of it, verified');

    await c.download(share);
    const rowOfC = receiverAt(a, share.root, await c.nodeId());
    await expect(rowOfC).toHaveAttribute('data-verified', 'true');
    await b.close();
    await expect.poll(() => a.peers()).toHaveLength(1);
    await expect(rowOfB).toHaveAttribute('data-verified', 'true');
    await expect(a.row(share.root)).toContainText('2 others have all of it');
  });

  test('sees that one who chose a part has that part', async ({ openTab }) => {
    const [a, b] = [await openTab(), await openTab()];
    const share = await a.share([testFile('one.bin', 3 * MIB), testFile('two.bin', 3 * MIB)]);
    await b.page.evaluate(async (link) => {
      await (globalThis as unknown as SurfaceWindow).tabswarm.download(link, { files: ['two.bin'] });
    }, share.link);
    const row = receiverAt(a, share.root, await b.nodeId());
    await expect(row).toContainText('Has what it chose, verified');
    await expect(row).toHaveAttribute('data-state', 'done');
  });

  test('is asked before closing a tab that others need, and only then', async ({ openTab }) => {
    const [a, b] = [await openTab(), await openTab()];
    const share = await a.share([testFile('only here.bin', 2 * MIB)], { visibility: 'public' });
    expect(await asksBeforeClosing(a.page)).toBe(true);
    await b.download(share);
    await expect(a.row(share.root)).toContainText('1 other has all of it');
    // Who has downloaded it gives it to others as well, but nobody waits for that.
    expect(await asksBeforeClosing(b.page)).toBe(false);
    expect(await asksBeforeClosing(a.page)).toBe(false);
  });
});
