import { KIB, MIB, testFile } from '../support/files.ts';
import { expect, test } from '../support/test.ts';

test.describe('sharing a file', () => {
  for (const visibility of ['private', 'public'] as const) {
    test(`a ${visibility} file of 5 MiB goes from one tab to another`, async ({ openTab }) => {
      const file = testFile('holiday pictures.zip', 5 * MIB);
      const [a, b] = [await openTab(), await openTab()];
      const share = await a.share([file], { visibility });
      await b.download(share);
      expect(await b.save(share.root)).toEqual({ name: file.name, sha256: file.sha256, size: 5 * MIB });
    });
  }

  test('who has downloaded it serves it when its sender has left', async ({ openTab }) => {
    const file = testFile('passed on.bin', 5 * MIB);
    const [a, b] = [await openTab(), await openTab()];
    const share = await a.share([file]);
    await b.download(share);
    await a.close();
    const c = await openTab();
    await c.download(share);
    expect(await c.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });

  for (const size of [0, 1, 16 * KIB, 256 * KIB, 256 * KIB + 1, 33 * MIB]) {
    test(`${size} bytes arrive as ${size} bytes`, async ({ openTab }) => {
      const file = testFile(`of size ${size}.bin`, size);
      const [a, b] = [await openTab(), await openTab()];
      const share = await a.share([file]);
      await b.download(share);
      expect(await b.save(share.root)).toEqual({ name: file.name, sha256: file.sha256, size });
    });
  }

  for (const visibility of ['private', 'public'] as const) {
    test(`the name of a ${visibility} file arrives as it is, in any script`, async ({ openTab }) => {
      const file = testFile(`🦔 "ספר 'שלי'" قائمة & <b>naïve.txt`, 1_000);
      const [a, b] = [await openTab(), await openTab()];
      const share = await a.share([file], { visibility });
      await expect(a.row(share.root).getByTestId('transfer-name')).toHaveText(file.name);
      await b.download(share);
      await expect(b.row(share.root).getByTestId('transfer-name')).toHaveText(file.name);
      // What the file system cannot take the browser replaces in its suggestion, so only the bytes are compared there.
      expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
      expect(await b.hashOf(share.root, file.name)).toBe(file.sha256);
    });
  }

  test('two files dropped together are one share', async ({ openTab }) => {
    const files = [testFile('one.bin', 300 * KIB), testFile('two.bin', 700 * KIB)];
    const [a, b] = [await openTab(), await openTab()];
    const share = await a.drop(files);
    await b.download(share);
    for (const { name, sha256 } of files) expect(await b.hashOf(share.root, name)).toBe(sha256);
  });

  test('a link opened in the address bar downloads by itself', async ({ openTab, openProfile }) => {
    const file = testFile('from a link.bin', 1 * MIB);
    const a = await openTab();
    const share = await a.share([file]);
    const b = await (await openProfile()).openTab();
    await b.page.goto('about:blank');
    await b.page.goto(share.link);
    await b.expectState(share.root, 'complete');
    expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });
});
