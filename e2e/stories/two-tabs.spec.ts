import { MIB, testFile } from '../support/files.ts';
import { WORD_WITHIN_MS } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

test.describe('two tabs of one person', () => {
  test('are two nodes on one store', async ({ openProfile }) => {
    const profile = await openProfile();
    const [first, second] = [await profile.openTab(), await profile.openTab()];
    expect(await first.nodeId()).not.toBe(await second.nodeId());

    const file = testFile('mine.bin', 2 * MIB);
    const share = await first.share([file]);
    await second.expectState(share.root, 'sharing', { timeout: 3_000 });
    expect(await second.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });

  for (const [leaves, stays] of [
    [0, 1],
    [1, 0],
  ] as const) {
    test(`each can serve what was shared in the first: tab ${stays + 1} alone`, async ({
      openProfile,
      openTab,
    }) => {
      const profile = await openProfile();
      const tabs = [await profile.openTab(), await profile.openTab()];
      const file = testFile('served by either.bin', 2 * MIB);
      const share = await tabs[0]?.share([file]);
      if (!share) throw new Error('there is no first tab');
      await tabs[stays]?.expectState(share.root, 'sharing');
      await tabs[leaves]?.close();
      const other = await openTab();
      await other.download(share);
      expect(await other.save(share.root)).toMatchObject({ sha256: file.sha256 });
    });
  }

  test('show the same download, and the one that stays finishes it', async ({ openProfile }) => {
    const file = testFile('fetched by either.bin', 24 * MIB);
    const { tab: sharer, tap } = await (await openProfile()).openTappedTab();
    const share = await sharer.share([file]);
    await tap.slowBulk(3 * MIB);
    const profile = await openProfile();
    const [first, second] = [await profile.openTab(), await profile.openTab()];
    await first.paste(share.link);
    await second.expectState(share.root, /fetching|finding/, { timeout: WORD_WITHIN_MS });
    const { said } = await second.listen(share.root);
    // Longer than a tab waits before it says that nobody is there.
    await first.expectProgress(share.root, 0.7);
    await first.expectState(share.root, 'fetching');
    await second.expectProgress(share.root, 0.6);
    for (const words of await said()) expect(words).toMatch(/^(fetching|finding)$/);

    await first.close();
    await tap.releaseBulk();
    await second.expectState(share.root, 'complete');
    expect(await second.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });

  test('keep their ids over a reload', async ({ openProfile }) => {
    const profile = await openProfile();
    const [first, second] = [await profile.openTab(), await profile.openTab()];
    const ids = [await first.nodeId(), await second.nodeId()];
    await first.page.reload();
    expect(ids).toContain(await first.nodeId());
    expect(await first.nodeId()).not.toBe(await second.nodeId());
  });
});
