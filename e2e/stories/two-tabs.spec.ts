import { MIB, testFile } from '../support/files.ts';
import { crash } from '../support/crash.ts';
import { WORD_WITHIN_MS, type Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

/** Another tab goes on with what the one that has gone was doing; one that is still there has to be missed first. */
const HANDED_OVER_WITHIN_MS = 5_000;
const MISSED_WITHIN_MS = 10_000;

/** Stops everything in it, as the browser does with tabs that have long been hidden; it keeps its locks and links. */
async function hang({ page }: Tab): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Debugger.enable');
  const paused = new Promise((resolve) => {
    session.once('Debugger.paused', resolve);
  });
  await session.send('Debugger.pause');
  await paused;
}

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

  for (const [how, leave] of [
    ['closes', (tab: Tab): Promise<void> => tab.close()],
    ['crashes', crash],
    ['hangs', hang],
  ] as const) {
    test(`when the one that downloads ${how}, the other goes on within ${how === 'hangs' ? 10 : 5} s`, async ({
      openProfile,
      faults,
    }) => {
      if (how === 'crashes') faults.expect(/^a tab crashed$/);
      const file = testFile(`handed over when one ${how}.bin`, 24 * MIB);
      const { tab: sharer, tap: sender } = await (await openProfile()).openTappedTab();
      const share = await sharer.share([file]);
      await sender.slowBulk(2 * MIB);
      const profile = await openProfile();
      const tabs = [await profile.openTappedTab(), await profile.openTappedTab()];
      for (const { tab } of tabs) await tab.expectPeers(2);
      await tabs[0]?.tab.paste(share.link);
      // Either may have been the first to take it up.
      for (const { tab } of tabs) await tab.expectProgress(share.root, 0.2);
      const [one, other] = (await tabs[0]?.tap.bulkReceived()) === 0 ? tabs.toReversed() : tabs;
      if (!one || !other) throw new Error('there are two tabs');
      await expect(other.tab.row(share.root)).toContainText('another tab');
      expect(await other.tap.bulkReceived()).toBe(0);

      const before = await other.tab.progress(share.root);
      await leave(one.tab);
      await expect
        .poll(() => other.tap.bulkReceived(), {
          timeout: how === 'hangs' ? MISSED_WITHIN_MS : HANDED_OVER_WITHIN_MS,
          message: 'bytes that the other fetched',
        })
        .toBeGreaterThan(0);
      await other.tab.expectState(share.root, 'fetching');
      expect(await other.tab.progress(share.root)).toBeGreaterThanOrEqual(before);
      await sender.releaseBulk();
      await other.tab.expectState(share.root, 'complete');
      expect(await other.tab.save(share.root)).toMatchObject({ sha256: file.sha256 });
      // What the first had fetched is not fetched again.
      expect(await other.tap.bulkReceived()).toBeLessThan((1 - before) * 24 * MIB + 2 * MIB);
    });
  }

  test('keep their ids over a reload', async ({ openProfile }) => {
    const profile = await openProfile();
    const [first, second] = [await profile.openTab(), await profile.openTab()];
    const ids = [await first.nodeId(), await second.nodeId()];
    await first.page.reload();
    expect(ids).toContain(await first.nodeId());
    expect(await first.nodeId()).not.toBe(await second.nodeId());
  });
});
