import { MIB, testFile } from '../support/files.ts';
import { expect, test } from '../support/test.ts';

test('a flipped bit is refused and fetched elsewhere, and the log names who sent it', async ({
  openTab,
  openProfile,
}) => {
  const file = testFile('unharmed.bin', 16 * MIB);
  const a = await openTab();
  const share = await a.share([file]);
  const { tab: poisoner, tap } = await (await openProfile()).openTappedTab();
  await poisoner.download(share);
  const poisonerId = await poisoner.nodeId();
  await tap.corruptBulk();

  const c = await openTab();
  await c.expectPeers(2);
  await c.download(share);
  expect(await c.save(share.root)).toMatchObject({ sha256: file.sha256 });
  expect(await c.logNames(poisonerId)).toBe(true);
  expect(await c.logNames(await a.nodeId())).toBe(false);
});

test('a poisoner among five sources is found out after two blocks at most, and stays so when the page is loaded anew', async ({
  openTab,
  openProfile,
}) => {
  const file = testFile('wanted.bin', 24 * MIB);
  const a = await openTab();
  const share = await a.share([file]);
  const others = [await openTab(), await openTab(), await openTab()];
  for (const tab of others) await tab.download(share);
  const { tab: poisoner, tap } = await (await openProfile()).openTappedTab();
  await poisoner.download(share);
  const poisonerId = await poisoner.nodeId();
  const bait = await poisoner.share([testFile('bait.bin', MIB)]);
  await tap.corruptBulk();

  const c = await openTab();
  await c.expectPeers(5);
  await c.download(share);
  expect(await c.save(share.root)).toMatchObject({ sha256: file.sha256 });
  const refused = async (): Promise<unknown[]> =>
    (await c.log())
      .filter(({ message }) => message.startsWith('refused a corrupt'))
      .map(({ fields }) => fields['peer']);
  const found = await refused();
  expect(found.length).toBeGreaterThan(0);
  expect(found.length).toBeLessThanOrEqual(2);
  expect(new Set(found)).toEqual(new Set([poisonerId]));

  await c.page.reload();
  await c.expectPeers(5);
  await c.paste(bait.link);
  await c.expectWord(bait.root, /damaged|corrupt|not what/i, { timeout: 15_000 });
  expect(await refused()).toEqual([]);
});

test('when the only holder sends rubbish, nothing of it is kept, and the page says what is the matter', async ({
  openTab,
  openProfile,
}) => {
  const file = testFile('poisoned.bin', 2 * MIB);
  const { tab: poisoner, tap } = await (await openProfile()).openTappedTab();
  const share = await poisoner.share([file]);
  await tap.corruptBulk();
  const b = await openTab();
  await b.paste(share.link);
  await expect.poll(async () => b.logNames(await poisoner.nodeId())).toBe(true);
  await b.expectWord(share.root, /damaged|corrupt|not what/i);
  await expect(b.row(share.root)).not.toHaveAttribute('data-state', 'complete');
  expect((await b.status()).blocks).toBe(0);
});

test('a malformed frame costs its sender the link, and nobody else anything', async ({
  openTab,
  openProfile,
}) => {
  const file = testFile('goes on.bin', 4 * MIB);
  const a = await openTab();
  const { tab: rude, tap } = await (await openProfile()).openTappedTab();
  await rude.expectPeers(1);
  await a.expectPeers(1);
  // Protocol 1 is the DHT's; what follows is no bencoding.
  await tap.inject([1, 0xff, 0xff, 0xff]);
  const rudeId = await rude.nodeId();
  await expect.poll(() => a.logNames(rudeId)).toBe(true);

  const share = await a.share([file]);
  const b = await openTab();
  await b.download(share);
  expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
});
