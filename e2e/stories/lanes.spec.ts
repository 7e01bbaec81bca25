import { MIB, testFile } from '../support/files.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/wire/test.ts';

/** Peer connections of a tab: those that are open, and all that it ever made. */
async function connections(tab: Tab): Promise<{ open: number; made: number }> {
  const { open, made } = (await tab.status()).connections;
  return { open, made };
}

/** What the tab that sends found when it tried them, for whoever reads that a test failed. */
async function gainsOfLanes(tab: Tab): Promise<string> {
  const entries = (await tab.log()).filter(({ message }) => message.startsWith('lanes '));
  return entries.map(({ message, fields }) => `${message}: ${JSON.stringify(fields)}`).join('\n');
}

test('a sole source whose packets get lost on a long way sends over four connections', async ({
  wire,
  openWiredTab,
}) => {
  wire.shape({}, { delayMs: 20, loss: 0.01 });
  const a = await openWiredTab('a');
  const b = await openWiredTab('b');
  await b.expectPeers(1);
  const file = testFile('by lanes.bin', 16 * MIB);
  const share = await a.share([file]);
  await b.paste(share.link);
  await expect.poll(async () => (await connections(b)).open, { timeout: 60_000 }).toBe(4);
  expect(await b.peers()).toHaveLength(1);
  await b.expectState(share.root, 'complete');
  expect(await b.hashOf(share.root, file.name)).toBe(file.sha256);
});

test('a line that is full is left to one connection, after a second was tried', async ({
  wire,
  openWiredTab,
}) => {
  wire.shape({}, { delayMs: 20, bytesPerSecond: MIB });
  const a = await openWiredTab('a');
  const b = await openWiredTab('b');
  await b.expectPeers(1);
  const file = testFile('by one.bin', 22 * MIB);
  const share = await a.share([file]);
  await b.paste(share.link);
  await expect.poll(async () => (await connections(a)).made, { timeout: 30_000 }).toBe(2);
  await b.expectState(share.root, 'complete');
  const gains = await gainsOfLanes(a);
  for (const tab of [a, b]) expect(await connections(tab), gains).toEqual({ open: 1, made: 2 });
});
