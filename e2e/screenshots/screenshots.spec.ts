import { join } from 'node:path';
import { MIB, testFile } from '../support/files.ts';
import { makeFilm } from '../support/film.ts';
import { openNetwork } from '../support/network.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

/*
 * Pictures of the app as it is, for people to look at: `npm run screenshots` writes them beside this file.
 */
const SCREENS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const;

async function shoot({ page }: Tab, name: string, { fullPage = true } = {}): Promise<void> {
  const path = join(import.meta.dirname, `${name}.png`);
  // A lookup that is being played is shown as it ends.
  await page.screenshot({ path, fullPage, animations: 'disabled' });
}

for (const [screen, settings] of Object.entries(SCREENS)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const looks = `${screen}-${colorScheme}`;
    test(looks, async ({ openProfile, openTab }) => {
      const open = async () => (await openProfile({ ...settings, colorScheme })).openTab();
      const [sharer, downloader, other] = [await open(), await open(), await openTab()];
      await shoot(downloader, `first-visit-${looks}`);

      const share = await sharer.share([testFile('Summer in the mountains.mp4', 40 * MIB)]);
      await sharer.share([testFile('Notes of the meeting.pdf', 1 * MIB)], { visibility: 'public' });
      await shoot(sharer, `sharing-${looks}`);

      await other.download(share);
      await downloader.expectPeers(2);
      await downloader.paste(share.link);
      await downloader.expectProgress(share.root, 0.3);
      await expect(downloader.row(share.root)).toContainText('2 peers');
      await shoot(downloader, `downloading-${looks}`);
      await shoot(sharer, `receivers-${looks}`);

      await downloader.expectState(share.root, 'complete');
      await shoot(downloader, `done-${looks}`);

      const wrong = share.link.replace(/x\.k=[\w-]+/, `x.k=${Buffer.alloc(32, 7).toString('base64url')}`);
      const stranger = await open();
      await stranger.paste(wrong);
      await expect(stranger.row(share.root).getByTestId('transfer-error')).toBeVisible();
      await shoot(stranger, `failed-${looks}`);
    });

    test(`preview and choice, ${looks}`, async ({ openProfile }) => {
      const { tab: sharer, tap } = await (await openProfile()).openTappedTab();
      const downloader = await (await openProfile({ ...settings, colorScheme })).openTab();
      const film = await makeFilm(sharer.page, 'Summer in the mountains.webm', 24 * MIB);
      const share = await sharer.share([
        film,
        testFile('Photos/On the way up.jpg', 3 * MIB),
        testFile('Photos/The hut, in the evening, just before the rain came.jpg', 4 * MIB),
        testFile('Track of the second day.gpx', 30_000),
      ]);
      await tap.slowBulk(1 * MIB);
      await downloader.page.getByTestId('choose-first').check();
      await downloader.paste(share.link);
      const row = downloader.row(share.root);
      await expect(row.getByTestId('file')).toHaveCount(4);
      await shoot(downloader, `choosing-${looks}`);
      const chosen = row.locator(`[data-path="${film.name}"]`);
      await chosen.getByTestId('file-priority').selectOption('first');
      await chosen.getByTestId('preview-file-button').click();
      await downloader.page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 1);
      await shoot(downloader, `preview-${looks}`, { fullPage: false });
    });

    for (const size of [2, 12]) {
      test(`network of ${size}, ${looks}`, async ({ openProfile, openTab }) => {
        const watcher = await (await openProfile({ ...settings, colorScheme })).openTab();
        const others: Tab[] = [];
        while (others.length < size - 1) others.push(await openTab());
        await watcher.expectPeers(size - 1);
        await others[0]?.share([testFile('Summer in the mountains.mp4', 1 * MIB)]);
        const view = await openNetwork(watcher);
        await view.getByTestId('try-lookup').click();
        await expect(view.getByTestId('network-lookup')).toContainText(/looked for .*all answered/);
        await expect(view.getByTestId('network-link')).toHaveCount(size - 1);
        await expect(view).not.toContainText('measuring');
        await shoot(watcher, `network-of-${size}-${looks}`);
      });
    }
  }
}
