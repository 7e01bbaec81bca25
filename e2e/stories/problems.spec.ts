import { KIB, MIB, testFile } from '../support/files.ts';
import { searchStorage } from '../support/storage.ts';
import { Tab, TWO_SENTENCES, WORD_WITHIN_MS, type Share } from '../support/tab.ts';
import { expect, test, type Profile } from '../support/test.ts';

/** What Chromium answers where the quota says no; the page catches it, but the console may have heard. */
const QUOTA = /QuotaExceeded/;

function withRoot(link: string, root: string): Share {
  return { link: link.replace(/1220[0-9a-f]{64}/, `1220${root}`), root };
}

/** A tab of a new person, whose browser gives this site `quotaSize` bytes until `lift` is called. */
async function openShortOfRoom(
  profile: Profile,
  url: string,
  quotaSize: number,
): Promise<{ tab: Tab; lift(): Promise<void> }> {
  const page = await profile.newPage();
  const cdp = await page.context().newCDPSession(page);
  const { origin } = new URL(url);
  // Before the page is there: once a database is open, Chromium asks for its room only now and then.
  await cdp.send('Storage.overrideQuotaForOrigin', { origin, quotaSize });
  await page.goto(url);
  const tab = new Tab(page);
  await tab.nodeId();
  return {
    tab,
    lift: async () => {
      await cdp.send('Storage.overrideQuotaForOrigin', { origin });
    },
  };
}

test.describe('when something is wrong, the page says what and what to do', () => {
  for (const rubbish of [
    'hello world',
    'magnet:?xt=urn:btih:c12fe1',
    'https://example.org/',
    '{"a":1}',
    'ab'.repeat(31),
  ]) {
    test(`"${rubbish}" in the link box`, async ({ openTab }) => {
      const tab = await openTab();
      await tab.paste(rubbish);
      const alert = tab.page.getByRole('alert');
      await expect(alert).toBeVisible({ timeout: WORD_WITHIN_MS });
      await expect(alert).toContainText(/link/i);
      await expect(alert).toContainText(TWO_SENTENCES);
    });
  }

  test('an empty link box', async ({ openTab }) => {
    const tab = await openTab();
    await tab.paste('   ');
    await expect(tab.page.getByRole('alert')).toBeVisible({ timeout: WORD_WITHIN_MS });
  });

  for (const [who, others, word] of [
    ['alone in the network', 0, /no other tab|not connected/i],
    ['among others', 1, /nobody/i],
  ] as const) {
    test(`a link that nobody holds, ${who}`, async ({ openTab }) => {
      const tab = await openTab();
      for (let other = 0; other < others; other += 1) await openTab();
      if (others > 0) await tab.expectPeers(others);
      const root = 'ab'.repeat(32);
      await tab.paste(`magnet:?xt=urn:btmh:1220${root}&dn=lost.bin&xl=1000`);
      await tab.expectWord(root, word);
    });
  }

  test('a link whose holder comes later goes on by itself', async ({ openTab }) => {
    const file = testFile('patience.bin', 1 * MIB);
    const first = await openTab();
    const share = await first.share([file], { visibility: 'public' });
    await first.close();
    const waiting = await openTab();
    await waiting.paste(share.link);
    await expect(waiting.row(share.root).getByTestId('transfer-error')).toBeVisible();
    // A public share of the same file is the same share, whoever makes it.
    const late = await openTab();
    expect(await late.share([file], { visibility: 'public' })).toMatchObject({ root: share.root });
    await waiting.expectState(share.root, 'complete');
    expect(await waiting.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });

  test('a link with the wrong key', async ({ openTab }) => {
    const file = testFile('locked.bin', 1 * MIB);
    const [a, b] = [await openTab(), await openTab()];
    const share = await a.share([file], { visibility: 'private' });
    const wrong = share.link.replace(/x\.k=[\w-]+/, `x.k=${Buffer.alloc(32, 7).toString('base64url')}`);
    expect(wrong).not.toBe(share.link);
    await b.paste(wrong);
    await b.expectWord(share.root, /key/i);
    await b.expectState(share.root, 'failed', { timeout: WORD_WITHIN_MS });
  });

  test('a link whose hash has lost a digit to a typing mistake', async ({ openTab }) => {
    const [a, b] = [await openTab(), await openTab()];
    const share = await a.share([testFile('typo.bin', 1 * MIB)]);
    const other = withRoot(
      share.link,
      share.root.replace(/^./, (digit) => (digit === 'a' ? 'b' : 'a')),
    );
    await b.paste(other.link);
    await b.expectWord(other.root, /nobody/i);
  });

  test('a full disk', async ({ openTab, openProfile, server, faults }) => {
    faults.expect(QUOTA);
    const file = testFile('too much.bin', 33 * MIB);
    const a = await openTab();
    const share = await a.share([file]);
    const { tab: b, lift } = await openShortOfRoom(await openProfile(), server.url, 10 * MIB);
    await b.paste(share.link);
    // It has to fill first.
    await b.expectWord(share.root, /room|space|full/i, { timeout: 60_000 });

    // With room again, it goes on from where it was.
    await lift();
    const resume = b.row(share.root).getByRole('button', { name: /resume/i });
    if (await resume.isVisible()) await resume.click();
    await b.expectState(share.root, 'complete');
    expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });

  test('a full disk while sharing', async ({ openTab, openProfile, server }) => {
    const [small, large] = [testFile('fits.bin', 1 * MIB), testFile('does not fit.bin', 33 * MIB)];
    const { tab: a, lift } = await openShortOfRoom(await openProfile(), server.url, 10 * MIB);
    const share = await a.share([small]);
    const { bytes } = await searchStorage(a.page, {});

    await a.page.getByTestId('file-input').setInputFiles(large);
    const failed = a.page.locator('[data-testid="transfer"][data-state="failed"]');
    await expect(failed).toHaveCount(1, { timeout: 60_000 });
    await expect(failed.getByTestId('transfer-name')).toHaveText(large.name);
    const error = failed.getByTestId('transfer-error');
    await expect(error).toContainText(/room|space|full/i);
    await expect(error).toContainText(TWO_SENTENCES);
    // What was written of it makes room again.
    await expect
      .poll(async () => (await searchStorage(a.page, {})).bytes, { message: 'stored bytes' })
      .toBeLessThan(bytes + 64 * KIB);

    // Nothing is lost: what was shared before is still had, and with room again the file can be shared.
    const b = await openTab();
    await b.download(share);
    expect(await b.save(share.root)).toMatchObject({ sha256: small.sha256 });
    await lift();
    const again = await a.share([large]);
    await b.download(again);
    expect(await b.save(again.root)).toMatchObject({ sha256: large.sha256 });
  });
});
