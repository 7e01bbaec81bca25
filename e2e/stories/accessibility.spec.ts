import { rm, truncate, writeFile } from 'node:fs/promises';
import { axeViolations } from '../support/axe.ts';
import { KIB, MIB, testFile } from '../support/files.ts';
import { expect, test } from '../support/test.ts';

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

for (const [looks, settings] of [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['light, on a phone', { ...PHONE, colorScheme: 'light' }],
  ['dark, on a phone', { ...PHONE, colorScheme: 'dark' }],
] as const) {
  test(`axe finds nothing in any view, ${looks}`, async ({ openProfile }) => {
    const { tab: a, tap } = await (await openProfile(settings)).openTappedTab();
    const b = await (await openProfile(settings)).openTab();
    expect(await axeViolations(a.page), 'first visit').toEqual([]);

    const share = await a.share([testFile('seen by all.bin', 16 * MIB)]);
    expect(await axeViolations(a.page), 'sharing').toEqual([]);

    await tap.holdBulkAfter(8 * MIB);
    await b.paste(share.link);
    await b.expectProgress(share.root, 0.2);
    await b.expectState(share.root, 'fetching');
    expect(await axeViolations(b.page), 'downloading').toEqual([]);
    await b.press(share.root, 'Pause');
    await b.expectState(share.root, 'paused');
    expect(await axeViolations(b.page), 'paused').toEqual([]);
    await tap.releaseBulk();
    await b.press(share.root, 'Resume');
    await b.expectState(share.root, 'complete');
    expect(await axeViolations(b.page), 'complete').toEqual([]);
    await b.press(share.root, 'Remove');
    expect(await axeViolations(b.page), 'asked whether to remove it').toEqual([]);
    await b.press(share.root, 'Keep');

    const several = await a.share([testFile('one.txt', 300 * KIB), testFile('two.bin', 5 * KIB)]);
    await b.page.getByTestId('choose-first').check();
    await b.paste(several.link);
    await b.expectState(several.root, 'paused');
    await expect(b.row(several.root).getByTestId('file-priority')).toHaveCount(2);
    expect(await axeViolations(b.page), 'choosing').toEqual([]);
    await b.row(several.root).getByTestId('choose-all').click();
    await b.expectState(several.root, 'complete');
    await b.row(several.root).getByTestId('preview-file-button').click();
    await expect(b.page.getByTestId('preview-text')).not.toBeEmpty();
    expect(await axeViolations(b.page), 'a preview').toEqual([]);
    await b.page.getByTestId('preview-close').click();
    await b.row(several.root).getByText('2 files').click();
    for (const tab of [a, b]) {
      await tab.row(several.root).getByText('2 files').click();
      await expect(tab.row(several.root).getByText('two.bin')).toBeVisible();
      expect(await axeViolations(tab.page), 'a list of files').toEqual([]);
    }

    await b.paste('no link at all');
    await expect(b.page.getByTestId('link-error')).toBeVisible();
    expect(await axeViolations(b.page), 'a link that is none').toEqual([]);

    const missing = 'cd'.repeat(32);
    await b.paste(`magnet:?xt=urn:btmh:1220${missing}`);
    await expect(b.row(missing).getByTestId('transfer-error')).toBeVisible();
    expect(await axeViolations(b.page), 'a share that nobody has').toEqual([]);

    const stranger = await (await openProfile(settings)).openTab();
    await stranger.paste(
      share.link.replace(/x\.k=[\w-]+/, `x.k=${Buffer.alloc(32, 7).toString('base64url')}`),
    );
    await stranger.expectState(share.root, 'failed');
    expect(await axeViolations(stranger.page), 'a wrong key').toEqual([]);
  });
}

test('everything can be done with the keyboard', async ({ openTab }) => {
  const [a, b] = [await openTab(), await openTab()];
  const share = await a.share([testFile('typed.bin', 1 * MIB)]);
  const box = b.page.getByTestId('link-input');
  for (let tabs = 0; tabs < 20; tabs += 1) {
    await b.page.keyboard.press('Tab');
    if (await box.evaluate((element) => element === document.activeElement)) break;
  }
  await expect(box).toBeFocused();
  await b.page.keyboard.insertText(share.link);
  await b.page.keyboard.press('Enter');
  await b.expectState(share.root, 'complete');
});

test('axe finds nothing where the browser lacks what the page needs, which is said', async ({
  openProfile,
  server,
}) => {
  const page = await (await openProfile()).newPage();
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'RTCPeerConnection'));
  await page.goto(server.url);
  await expect(page.getByRole('alert')).toContainText('WebRTC');
  expect(await axeViolations(page)).toEqual([]);
});

test('axe finds nothing while files are being hashed', async ({ openProfile }, testInfo) => {
  const { page } = await (await openProfile()).openTab();
  const path = testInfo.outputPath('long.bin');
  await writeFile(path, '');
  // A hole: it takes no room here, and as long to hash as any other.
  await truncate(path, 2 * 1024 * MIB);
  await page.getByTestId('file-input').setInputFiles(path);
  const row = page.locator('[data-testid="transfer"][data-state="hashing"]');
  await expect(row).toBeVisible();
  expect(await axeViolations(page)).toEqual([]);
  // It was the view that was meant: the row had not come to an end meanwhile.
  await expect(row).toBeVisible();
  await row.getByRole('button', { name: 'Cancel' }).click();
  await expect(row).toHaveCount(0);
  await rm(path);
});
