import { MIB, testFile } from '../support/files.ts';
import { searchStorage } from '../support/storage.ts';
import { expect, test } from '../support/test.ts';

/** The bytes of the key that a private link carries. */
function keyOf(link: string): Buffer {
  const key = /x\.k=([\w-]+)/.exec(link)?.[1];
  if (key === undefined) throw new Error('the link of a private share has no key');
  return Buffer.from(key, 'base64url');
}

test('what is private stays so: no other peer and no server ever holds a byte, the name or the key', async ({
  openProfile,
}) => {
  const file = testFile('salaries of the year.ods', 3 * MIB);
  const a = await (await openProfile()).openTab();
  const b = await (await openProfile()).openTappedTab();
  const c = await (await openProfile()).openTappedTab();
  for (const { tap } of [b, c]) await tap.record();
  for (const { tab } of [b, c]) await tab.expectPeers(2);

  const share = await a.share([file], { visibility: 'private' });
  const needles = {
    'the name': Buffer.from('salaries'),
    'the key': keyOf(share.link),
    'the key as text': Buffer.from(keyOf(share.link).toString('base64url')),
    ...Object.fromEntries(
      [0, 16_384, 1 * MIB, 3 * MIB - 32].map((at) => [`bytes from ${at}`, file.buffer.subarray(at, at + 32)]),
    ),
  };

  // B helps to hold it, knowing its hash and no more; C is a bystander of the same network.
  await b.tab.paste(share.root);
  await expect
    .poll(async () => (await b.tab.status()).bytes, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(3 * MIB);

  const stored = await searchStorage(b.tab.page, needles);
  expect(stored.bytes, 'the search sees the stored blocks').toBeGreaterThanOrEqual(3 * MIB);
  expect(stored.found).toEqual([]);
  expect((await searchStorage(c.tab.page, needles)).found).toEqual([]);

  const carried = await b.tap.search(needles);
  expect(carried.bytes, 'the wiretap sees the blocks pass').toBeGreaterThanOrEqual(3 * MIB);
  expect(carried.found).toEqual([]);
  expect((await c.tap.search(needles)).found).toEqual([]);

  // The same search does find what is there: the sender's own browser knows the name.
  expect((await searchStorage(a.page, needles)).found).toContain('the name');

  // And what B holds is what a reader needs: with A gone, it is enough.
  await a.close();
  const d = await (await openProfile()).openTab();
  await d.download(share);
  expect(await d.save(share.root)).toMatchObject({ name: file.name, sha256: file.sha256 });
});
