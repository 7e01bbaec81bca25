import { MIB, testFile } from '../support/files.ts';
import type { Tab } from '../support/tab.ts';
import { chosenPaths } from '../support/wire/page.ts';
import { expect, test } from '../support/wire/test.ts';

/** The round trip to its only peer, as a tab has measured it; milliseconds. */
async function roundTrip(tab: Tab): Promise<number> {
  let measured: number | undefined;
  await expect
    .poll(async () => {
      measured = (await tab.status()).peers[0]?.rttMs;
      return measured;
    })
    .toBeDefined();
  return measured ?? Number.NaN;
}

test('what tabs exchange takes the time that the wire takes, and goes no other way', async ({
  wire,
  openWiredTab,
}) => {
  wire.shape({}, { delayMs: 20 });
  const a = await openWiredTab('a');
  const b = await openWiredTab('b');
  await a.expectPeers(1);
  await b.expectPeers(1);
  for (const tab of [a, b]) {
    const ms = await roundTrip(tab);
    expect(ms).toBeGreaterThanOrEqual(39);
    expect(ms).toBeLessThan(70);
  }

  const file = testFile('by proxy.bin', 2 * MIB);
  await b.download(await a.share([file]));
  expect(wire.counts('a', 'b').bytes).toBeGreaterThan(file.buffer.byteLength);
  expect(wire.counts('b', 'a').bytes).toBeGreaterThan(0);
  for (const { page } of [a, b]) {
    const paths = await chosenPaths(page);
    expect(paths).toHaveLength(1);
    for (const { port } of paths) expect([...wire.ports()]).toContain(port);
  }
});

test('a line carries what its rate lets through, and a cut one nothing', async ({ wire, openWiredTab }) => {
  wire.shape({ from: 'a', to: 'b' }, { bytesPerSecond: MIB, delayMs: 5 });
  const a = await openWiredTab('a');
  const b = await openWiredTab('b');
  await b.expectPeers(1);
  const file = testFile('slow.bin', 6 * MIB);
  const share = await a.share([file]);
  await b.paste(share.link);
  await b.expectProgress(share.root, 0.1);
  const [bytes, startedAt] = [wire.counts('a', 'b').bytes, performance.now()];
  await b.expectProgress(share.root, 0.6);
  const rate = ((wire.counts('a', 'b').bytes - bytes) * 1_000) / (performance.now() - startedAt);
  expect(rate).toBeLessThan(1.02 * MIB);
  expect(rate).toBeGreaterThan(0.8 * MIB);

  wire.shape({ from: 'a', to: 'b' }, { cut: true });
  const { packets } = wire.counts('a', 'b');
  // Somebody has to go on trying for nothing to mean anything.
  const { dropped } = wire.counts('a', 'b');
  await expect.poll(() => wire.counts('a', 'b').dropped).toBeGreaterThan(dropped + 10);
  expect(wire.counts('a', 'b').packets - packets).toBeLessThan(10);
});

test('packets that the wire loses cost time and nothing else', async ({ wire, openWiredTab }) => {
  wire.shape({}, { delayMs: 10, loss: 0.02 });
  const a = await openWiredTab('a');
  const b = await openWiredTab('b');
  await b.expectPeers(1);
  const file = testFile('lossy.bin', 3 * MIB);
  const share = await a.share([file]);
  await b.download(share);
  expect(await b.hashOf(share.root, file.name)).toBe(file.sha256);
  const { packets, dropped } = wire.counts('a', 'b');
  expect(dropped / (packets + dropped)).toBeGreaterThan(0.01);
  expect(dropped / (packets + dropped)).toBeLessThan(0.03);
});
