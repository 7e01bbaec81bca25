import { KIB, MIB, testFile } from '../support/files.ts';
import { fetchTogether } from '../support/swarming.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

test('four who download from one with a slow line get it from each other', async ({ openTab }) => {
  const tabs: Tab[] = [];
  while (tabs.length < 5) tabs.push(await openTab());
  for (const tab of tabs) await tab.expectPeers(4);
  const [seeder, ...leechers] = tabs as [Tab, ...Tab[]];
  const file = testFile('for all of you.bin', 12 * MIB);
  const share = await seeder.share([file]);
  const { lastDone, sentAtSecondCopy, beside } = await fetchTogether(
    seeder.page,
    leechers.map(({ page }) => page),
    { link: share.link, bytes: file.buffer.byteLength },
    700 * KIB,
  );
  // Without each other's help it would take four times as long, and be sent four times.
  expect(lastDone).toBeLessThan(1.6);
  expect(sentAtSecondCopy).toBeLessThan(1.35);
  expect(beside).toBeLessThan(0.1);
  for (const tab of leechers) expect(await tab.hashOf(share.root, file.name)).toBe(file.sha256);
});
