import { join } from 'node:path';
import { MIB, testFile } from '../support/files.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

/*
 * Pictures of the app as it is, for people to look at: `npm run screenshots` writes them beside this file.
 */
const SCREENS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const;

async function shoot({ page }: Tab, name: string): Promise<void> {
  await page.screenshot({ path: join(import.meta.dirname, `${name}.png`), fullPage: true });
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

      await downloader.expectState(share.root, 'complete');
      await shoot(downloader, `done-${looks}`);

      const wrong = share.link.replace(/x\.k=[\w-]+/, `x.k=${Buffer.alloc(32, 7).toString('base64url')}`);
      const stranger = await open();
      await stranger.paste(wrong);
      await expect(stranger.row(share.root).getByTestId('transfer-error')).toBeVisible();
      await shoot(stranger, `failed-${looks}`);
    });
  }
}
