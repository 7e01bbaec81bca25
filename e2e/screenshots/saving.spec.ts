import { join } from 'node:path';
import { chooseFolder } from '../support/chosen-folder.ts';
import { MIB, testFile } from '../support/files.ts';
import { slowFiles } from '../support/slow-files.ts';
import { filesOf, torrentOf, vectorNamed } from '../support/torrents.ts';
import { expect, test } from '../support/test.ts';

const SCREENS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const;

for (const [screen, settings] of Object.entries(SCREENS)) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const looks = `${screen}-${colorScheme}`;
    test(`saving, ${looks}`, async ({ openProfile }) => {
      const { tab: sharer, tap } = await (await openProfile()).openTappedTab();
      const tab = await (await openProfile({ ...settings, colorScheme })).openTab();
      const film = await sharer.share([testFile('Summer in the mountains.mp4', 24 * MIB)]);
      const folder = await sharer.share([
        testFile('Plans.txt', 40_000),
        testFile('What now?.txt', 10_000),
        testFile('plans.txt', 20_000),
      ]);
      const own = await tab.drop([testFile('notes\\draft.txt', 2_000), testFile('notes_draft.txt', 1_000)]);
      await tab.row(own.root).getByTestId('renamed').locator('summary').click();
      await chooseFolder(tab.page);
      await tab.download(folder);
      await tab.row(folder.root).getByTestId('save-button').click();
      await tab.expectSaved(folder.root);
      await tab
        .saving(folder.root)
        .getByText(/other names/)
        .click();

      await tap.slowBulk(2 * MIB);
      await tab.paste(film.link);
      await tab.row(film.root).getByTestId('save-button').click();
      await expect(tab.saving(film.root)).toContainText(/[3-9]\d %/);

      const vector = vectorNamed('larger pieces');
      await tab.offer([torrentOf(vector)]);
      await tab.expectState(vector.infoHash, 'finding');
      await expect(tab.row(vector.infoHash).getByTestId('transfer-error')).toBeVisible();
      await slowFiles(tab.page);
      await tab.row(vector.infoHash).getByTestId('supply-input').setInputFiles(filesOf(vector));
      await expect(tab.row(vector.infoHash).getByTestId('supply-status')).toBeVisible();
      await tab.page.screenshot({
        path: join(import.meta.dirname, `saving-${looks}.png`),
        fullPage: true,
        animations: 'disabled',
      });
    });
  }
}
