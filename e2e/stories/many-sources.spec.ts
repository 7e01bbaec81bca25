import { setTimeout as sleep } from 'node:timers/promises';
import { MIB, testFile, type TestFile } from '../support/files.ts';
import type { Share, Tab } from '../support/tab.ts';
import { followCourse } from '../support/wire/course.ts';
import { noteParts, usefulParts } from '../support/wire/parts.ts';
import { expect, test } from '../support/wire/test.ts';
import type { UdpProxy } from '../support/wire/udp-proxy.ts';

/** What each source's line carries in a second: so little that a machine busy with other things still fills four. */
const RATE = MIB / 4;
const SOURCES = ['s1', 's2', 's3', 's4'];
/** From the loss of a source until the others' lines are full again. */
const RECOVER_MS = 3_000;
const MAX_PAUSE_MS = 5_000;
const LINK_MS = 5;
const BLOCK_BYTES = MIB / 4;

interface Sources {
  readonly share: Share;
  readonly tabs: ReadonlyMap<string, Tab>;
}

/** Four tabs that hold the file, each with a line of its own to whoever is called `to`. */
async function sourcesOf(
  file: TestFile,
  to: string,
  { wire, openWiredTab }: { wire: UdpProxy; openWiredTab: (name: string) => Promise<Tab> },
): Promise<Sources> {
  const tabs = new Map<string, Tab>();
  let share: Share | undefined;
  for (const name of SOURCES) {
    const tab = await openWiredTab(name);
    tabs.set(name, tab);
    if (share) await tab.download(share);
    else share = await tab.share([file]);
    wire.shape({ from: name, to }, { bytesPerSecond: RATE, delayMs: LINK_MS });
  }
  if (!share) throw new Error('there are no sources');
  return { share, tabs };
}

/** What came over the lines of these sources, in bytes a second, from now on and for so long. */
async function wireRate(wire: UdpProxy, sources: readonly string[], to: string, ms: number): Promise<number> {
  const sum = (): number => sources.reduce((total, name) => total + wire.counts(name, to).bytes, 0);
  const [before, at] = [sum(), performance.now()];
  await sleep(ms);
  return ((sum() - before) * 1_000) / (performance.now() - at);
}

test('four sources with a line of their own each give more than three of them would', async ({
  wire,
  openWiredTab,
}) => {
  const file = testFile('from four.bin', 16 * MIB);
  const { share } = await sourcesOf(file, 'd', { wire, openWiredTab });
  const d = await openWiredTab('d');
  await d.expectPeers(SOURCES.length);
  await d.paste(share.link);
  const course = await followCourse(d.page, share.root);
  await d.expectState(share.root, 'complete');
  const rate = ((await course.perSecond()) * file.buffer.byteLength) / RATE;
  const pause = await course.longestPauseMs();
  console.log(`${rate.toFixed(2)} times the rate of one, longest pause ${pause.toFixed(0)} ms`);
  expect(rate).toBeGreaterThanOrEqual(3.2);
  expect(pause).toBeLessThanOrEqual(MAX_PAUSE_MS);
  expect(await d.hashOf(share.root, file.name)).toBe(file.sha256);
});

for (const [what, kill] of [
  ['is closed', async (_wire: UdpProxy, _name: string, tab: Tab) => tab.close()],
  [
    'is cut off',
    (wire: UdpProxy, name: string) => {
      wire.shape({ from: name }, { cut: true });
      wire.shape({ from: name, to: 'd' }, { cut: true });
      wire.shape({ to: name }, { cut: true });
      return Promise.resolve();
    },
  ],
] as const) {
  test(`where one of four sources ${what}, the lines of the others are full again within 3 s`, async ({
    wire,
    openWiredTab,
  }) => {
    const file = testFile(`${what}.bin`, 12 * MIB);
    const { share, tabs } = await sourcesOf(file, 'd', { wire, openWiredTab });
    const d = await openWiredTab('d', noteParts);
    await d.expectPeers(SOURCES.length);
    await d.paste(share.link);
    const course = await followCourse(d.page, share.root);
    await d.expectProgress(share.root, 0.3);
    const [victim = '', ...others] = SOURCES;
    const tab = tabs.get(victim);
    if (!tab) throw new Error('there is no such tab');
    // It was a source like the others.
    expect(wire.counts(victim, 'd').bytes).toBeGreaterThan(MIB / 2);
    await kill(wire, victim, tab);
    await sleep(RECOVER_MS - 1_000);
    const rate = (await wireRate(wire, others, 'd', 1_000)) / RATE;
    const measuredAt = await d.page.evaluate(() => performance.now());
    const verified = ((await course.lately(2_000)) * file.buffer.byteLength) / 2 / RATE;
    const { bytes } = wire.counts(victim, 'd');
    await d.expectState(share.root, 'complete');
    expect(wire.counts(victim, 'd').bytes).toBe(bytes);
    const useful = await usefulParts(d.page);
    const used = useful.between(measuredAt - 2_000, measuredAt) / 2 / RATE;
    console.log(
      `after 3 s ${rate.toFixed(2)} of 3 lines full, ${used.toFixed(2)} of use, ${verified.toFixed(2)} by whole blocks`,
    );
    const pause = await course.longestPauseMs();
    console.log(`longest pause ${pause.toFixed(0)} ms`);
    expect(rate).toBeGreaterThanOrEqual(0.9 * others.length);
    // And what comes is of use: it is of blocks that come whole, and once.
    expect(used).toBeGreaterThanOrEqual(0.9 * others.length);
    // Nothing was left out, and nothing counted twice.
    expect(useful.bytes).toBeGreaterThanOrEqual(file.buffer.byteLength);
    expect(useful.bytes).toBeLessThan(file.buffer.byteLength + BLOCK_BYTES);
    expect(pause).toBeLessThanOrEqual(MAX_PAUSE_MS);
    expect(await d.hashOf(share.root, file.name)).toBe(file.sha256);
  });
}
