import { MIB, testFile } from '../support/files.ts';
import { TWO_SENTENCES, WORD_WITHIN_MS, type Share } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

function withRoot(link: string, root: string): Share {
  return { link: link.replace(/1220[0-9a-f]{64}/, `1220${root}`), root };
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
});
