import type { Locator } from 'playwright/test';
import { KIB, MIB, testFile } from '../support/files.ts';
import { searchStorage } from '../support/storage.ts';
import { Tab, TWO_SENTENCES, WORD_WITHIN_MS } from '../support/tab.ts';
import { expect, test, type Profile } from '../support/test.ts';
import { wiretap, type Wiretap } from '../support/wiretap.ts';

/** What Chromium answers where the quota says no; the page catches it, but the console may have heard. */
const QUOTA = /QuotaExceeded/;
/** It has to fill first. */
const FULL_WITHIN_MS = 60_000;
const FULL = /no room left/i;
/** 12 bytes for every 64 KiB, and a block that was on its way when the row said how far it is. */
const MAX_EXTRA_BYTES = 320 * KIB;

interface ShortOfRoom {
  readonly tab: Tab;
  readonly tap: Wiretap;
  lift(): Promise<void>;
}

/** A tab of a person whose browser gives this site `quotaSize` bytes until `lift` is called. */
async function openShortOfRoom(profile: Profile, url: string, quotaSize: number): Promise<ShortOfRoom> {
  const page = await profile.newPage();
  const tap = await wiretap(page);
  const cdp = await page.context().newCDPSession(page);
  const { origin } = new URL(url);
  // Before the page is there: once a database is open, Chromium asks for its room only now and then.
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
  await page.goto(url);
  const tab = new Tab(page);
  await tab.nodeId();
  return {
    tab,
    tap,
    lift: async () => {
      await cdp.send('Storage.overrideQuotaForOrigin', { origin });
    },
  };
}

function making({ page }: Tab, state: 'hashing' | 'paused'): Locator {
  return page.locator(`[data-testid="transfer"][data-state="${state}"]:not([data-root])`);
}

/** Shares a file that does not fit, and waits until that is said. */
async function shareUntilFull(tab: Tab, file: ReturnType<typeof testFile>): Promise<Locator> {
  await tab.page.getByTestId('file-input').setInputFiles(file);
  const paused = making(tab, 'paused');
  await expect(paused).toHaveCount(1, { timeout: FULL_WITHIN_MS });
  await expect(paused.getByTestId('transfer-name')).toHaveText(file.name);
  const error = paused.getByTestId('transfer-error');
  await expect(error).toContainText(FULL);
  await expect(error).toContainText(TWO_SENTENCES);
  return paused;
}

test.describe('where there is too little room', () => {
  test.beforeEach(({ faults }) => faults.expect(QUOTA));

  test('for a download, that is said before anything is fetched, and it starts once there is room', async ({
    openTab,
    openProfile,
    server,
  }) => {
    const file = testFile('too much.bin', 33 * MIB);
    const share = await (await openTab()).share([file]);
    const { tab, tap, lift } = await openShortOfRoom(await openProfile(), server.url, 10 * MIB);
    await tab.expectPeers(1);
    await tab.paste(share.link);
    await tab.expectWord(share.root, /needs 34\.6 MB, and \d.* are free/);
    await tab.expectState(share.root, 'paused');
    await expect(tab.row(share.root).getByTestId('anyway-button')).toBeVisible();
    expect(await tap.bulkReceived()).toBeLessThan(1 * MIB);

    await lift();
    await tab.expectState(share.root, 'complete');
    expect(await tab.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });

  test('a download that fills the disk goes on by itself after another share was removed', async ({
    openTab,
    openProfile,
    server,
  }) => {
    const size = 24 * MIB;
    const file = testFile('just not.bin', size);
    const share = await (await openTab()).share([file]);
    const { tab, tap } = await openShortOfRoom(await openProfile(), server.url, 30 * MIB);
    const other = await tab.share([testFile('in the way.bin', 14 * MIB)]);
    await tab.expectPeers(1);
    await tab.paste(share.link);
    await tab.expectWord(share.root, /needs/);
    await tab.row(share.root).getByTestId('anyway-button').click();
    await tab.expectWord(share.root, FULL, { timeout: FULL_WITHIN_MS });
    await tab.expectState(share.root, 'paused');
    const before = await tab.progress(share.root);
    expect(before).toBeGreaterThan(0.2);
    const received = await tap.bulkReceived();

    await tab.remove(other.root);
    await expect(tab.row(other.root)).toHaveCount(0);
    await tab.expectState(share.root, 'complete');
    expect(await tab.save(share.root)).toMatchObject({ sha256: file.sha256 });
    // What was stored is not fetched again.
    expect((await tap.bulkReceived()) - received).toBeLessThan((1 - before) * size + MAX_EXTRA_BYTES);
  });

  test('files that fill the disk while they are shared go on after another share was removed', async ({
    openTab,
    openProfile,
    server,
  }) => {
    const file = testFile('just not.bin', 24 * MIB);
    const { tab } = await openShortOfRoom(await openProfile(), server.url, 30 * MIB);
    const other = await tab.share([testFile('in the way.bin', 14 * MIB)]);
    const paused = await shareUntilFull(tab, file);
    const before = Number(await paused.getAttribute('data-progress'));
    expect(before).toBeGreaterThan(0.2);
    const row = await paused.elementHandle();
    if (!row) throw new Error('the row is gone');
    const least = await tab.page.evaluateHandle((element) => {
      const seen = { progress: 1 };
      new MutationObserver(() => {
        seen.progress = Math.min(seen.progress, Number(element.getAttribute('data-progress')));
      }).observe(element, { attributes: true });
      return seen;
    }, row);

    await tab.remove(other.root);
    const ready = tab.page.locator('[data-testid="transfer"][data-state="sharing"]');
    await expect(ready.getByTestId('transfer-name')).toHaveText(file.name, { timeout: FULL_WITHIN_MS });
    // It did not start over.
    expect(await least.evaluate(({ progress }) => progress)).toBeGreaterThanOrEqual(before);
    const root = (await ready.getAttribute('data-root')) ?? '';
    const link = await ready.getByTestId('share-link').inputValue();
    const receiver = await openTab();
    await receiver.download({ root, link });
    expect(await receiver.save(root)).toMatchObject({ sha256: file.sha256 });
  });

  test('files that fill the disk while they are shared can be given up, and go on with more room', async ({
    openTab,
    openProfile,
    server,
  }) => {
    const [small, large] = [testFile('fits.bin', 1 * MIB), testFile('does not fit.bin', 33 * MIB)];
    const { tab: a, lift } = await openShortOfRoom(await openProfile(), server.url, 10 * MIB);
    const share = await a.share([small]);
    const { bytes } = await searchStorage(a.page, {});
    const paused = await shareUntilFull(a, large);
    await paused.getByRole('button', { name: /^Cancel / }).click();
    await expect(paused).toHaveCount(0);
    // What was written of it makes room again.
    await expect
      .poll(async () => (await searchStorage(a.page, {})).bytes, { message: 'stored bytes' })
      .toBeLessThan(bytes + 64 * KIB);

    // Nothing is lost: what was shared before is still had.
    const b = await openTab();
    await b.download(share);
    expect(await b.save(share.root)).toMatchObject({ sha256: small.sha256 });
    await shareUntilFull(a, large);
    await lift();
    const ready = a.page.locator(
      `[data-testid="transfer"][data-state="sharing"]:not([data-root="${share.root}"])`,
    );
    await expect(ready).toHaveCount(1, { timeout: FULL_WITHIN_MS });
    const root = (await ready.getAttribute('data-root')) ?? '';
    await b.download({ root, link: await ready.getByTestId('share-link').inputValue() });
    expect(await b.save(root)).toMatchObject({ sha256: large.sha256 });
  });
});

test('the page says how much is stored, and how much more can be', async ({ openProfile, server }) => {
  const { tab } = await openShortOfRoom(await openProfile(), server.url, 100 * MIB);
  const storage = tab.page.getByTestId('storage');
  await expect(storage).toContainText('of which', { timeout: WORD_WITHIN_MS });
  const free = async (): Promise<number> => Number(await storage.getAttribute('data-free'));
  const before = await free();
  expect(before).toBeGreaterThan(90 * MIB);
  const share = await tab.share([testFile('some.bin', 16 * MIB)]);
  await expect.poll(free).toBeLessThan(before - 15 * MIB);
  await tab.remove(share.root);
  await expect.poll(free).toBeGreaterThan(before - 2 * MIB);
});

test('a browser that has cleared what it kept says so, until that is dismissed', async ({
  openProfile,
  server,
}) => {
  const profile = await openProfile();
  const tab = await profile.openTab();
  await tab.share([testFile('soon gone.bin', 1 * MIB)]);
  await tab.share([testFile('gone as well.bin', 2 * MIB)]);
  await expect(tab.page.locator('.footer')).toContainText('3.15 MB');
  await tab.page.goto('about:blank');
  // What Chromium does when the disk is full and the site was not used for long.
  const cdp = await tab.page.context().newCDPSession(tab.page);
  await cdp.send('Storage.clearDataForOrigin', {
    origin: new URL(server.url).origin,
    storageTypes: 'indexeddb',
  });
  await tab.page.goto(server.url);
  const notice = tab.page.getByTestId('lost-notice');
  await expect(notice).toContainText('2 shares of 3.15 MB');
  await expect(notice).toContainText(TWO_SENTENCES);
  await tab.page.reload();
  await expect(notice).toBeVisible();
  await notice.getByRole('button').click();
  await expect(notice).toHaveCount(0);
  await tab.page.reload();
  await tab.nodeId();
  await expect(notice).toHaveCount(0);
});
