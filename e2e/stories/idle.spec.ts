import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { connectionsMade, countConnections, readGauge, type Reading } from '../support/gauge.ts';
import { KIB, MIB, testFile, type TestFile } from '../support/files.ts';
import type { SurfaceWindow } from '../support/surface.ts';
import { Tab } from '../support/tab.ts';
import { expect, test, type Profile } from '../support/test.ts';

/** `npm run soak -- idle` sets it; the stories run a short one. */
const MINUTES = Number(process.env['IDLE_MINUTES'] ?? 1.5);
const MINUTE_MS = 60_000;
/** What is made once and kept is made by then. */
const WARM_UP_MS = Math.min(1, MINUTES / 3) * MINUTE_MS;
/** Does not grow: holds at most so much more than it did after the warm-up, whichever is more. */
const GROWTH = 0.05;
const GROWTH_BYTES = MIB;
const COLLECTED_WITHIN_MS = 30_000;

/** What a tab with a hundred shares may have made, in a network in which it is linked to everybody else. */
const TABS = 12;
const MAX_CONNECTIONS = 60;
/** What all its links together carry while nothing happens, in bytes a second. */
const MAX_IDLE_RATE = 64 * KIB;

interface PeerBytes {
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

async function openCounted({ newPage }: Profile, url: string): Promise<Tab> {
  const page = await newPage();
  await countConnections(page);
  await page.goto(url);
  const tab = new Tab(page);
  await tab.nodeId();
  return tab;
}

/** Shares each of the files by itself; answers the links. */
function shareEach({ page }: Tab, files: readonly TestFile[]): Promise<string[]> {
  const sources = files.map(({ name, buffer }) => ({ name, base64: buffer.toString('base64') }));
  return page.evaluate(async (given) => {
    const { tabswarm } = globalThis as unknown as SurfaceWindow;
    const links: string[] = [];
    for (const { name, base64 } of given) {
      const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      links.push((await tabswarm.share([new File([bytes], name)])).link);
    }
    return links;
  }, sources);
}

function fileOf(name: string): TestFile {
  return testFile(name, 40 * KIB);
}

/** Bytes that have gone over the links of a tab. */
async function carried(tab: Tab): Promise<number> {
  const { peers } = await tab.status();
  const counted = peers as unknown as readonly PeerBytes[];
  return counted.reduce((sum, { bytesSent, bytesReceived }) => sum + bytesSent + bytesReceived, 0);
}

test(`a tab that seeds ten shares does not grow in ${MINUTES} idle minutes`, async ({
  openProfile,
  server,
}) => {
  test.setTimeout((MINUTES + 3) * MINUTE_MS);
  const seeder = await openCounted(await openProfile(), server.url);
  const other = await openCounted(await openProfile(), server.url);
  await other.expectPeers(1);
  const files = Array.from({ length: 10 }, (_, i) => testFile(`seeded ${i}.bin`, 600 * KIB));
  const [first = ''] = await shareEach(seeder, files);
  // One of them was fetched, so that it is a seeder and not only a holder.
  await other.page.evaluate(
    (link) => (globalThis as unknown as SurfaceWindow).tabswarm.download(link),
    first,
  );
  await sleep(WARM_UP_MS);
  const began = await readGauge(seeder.page);
  await sleep(MINUTES * MINUTE_MS - WARM_UP_MS);
  let ended: Reading = began;
  const grown = async (): Promise<boolean> => {
    ended = await readGauge(seeder.page);
    const allowed = Math.max(GROWTH_BYTES, GROWTH * began.memory);
    return ended.memory > began.memory + allowed || ended.connections > began.connections;
  };
  await expect.poll(grown, { timeout: COLLECTED_WITHIN_MS }).toBe(false);
  console.log(
    `${(began.memory / MIB).toFixed(2)} MiB after the warm-up, ${(ended.memory / MIB).toFixed(2)} MiB in the end; ` +
      `${began.connections} and ${ended.connections} connections, ${began.listeners} and ${ended.listeners} listeners`,
  );
});

test('a hundred shares that are open use the connections of one, and their links are quiet', async ({
  openProfile,
  server,
}) => {
  test.setTimeout(6 * MINUTE_MS);
  const tabs: Tab[] = [];
  for (let made = 0; made < TABS; made += 1) tabs.push(await openCounted(await openProfile(), server.url));
  const [busy, ...others] = tabs as [Tab, ...Tab[]];
  await busy.expectPeers(TABS - 1);
  await shareEach(
    busy,
    Array.from({ length: 40 }, (_, i) => fileOf(`mine ${i}`)),
  );
  const links: string[] = [];
  for (const [at, tab] of others.slice(0, 7).entries()) {
    links.push(
      ...(await shareEach(
        tab,
        Array.from({ length: 5 }, (_, i) => fileOf(`theirs ${at} ${i}`)),
      )),
    );
  }
  // Nobody has these: they are looked for as long as the tab is open.
  const absent = Array.from({ length: 25 }, () => randomBytes(32).toString('hex'));
  await busy.page.evaluate(
    async ({ wanted, missing }) => {
      const { tabswarm } = globalThis as unknown as SurfaceWindow;
      for (const link of missing) void tabswarm.download(link).catch(() => undefined);
      await Promise.all(wanted.map((link) => tabswarm.download(link)));
    },
    { wanted: links, missing: absent },
  );
  expect((await busy.status()).transfers).toHaveLength(100);
  await sleep(MINUTE_MS / 2);
  const before = await carried(busy);
  await sleep(MINUTE_MS / 2);
  const rate = (await carried(busy)) - before;
  const made = await Promise.all(tabs.map(({ page }) => connectionsMade(page)));
  console.log(
    `peer connections made: ${made.join(' ')}; ${(rate / 30 / KIB).toFixed(1)} KiB/s over ${TABS - 1} links`,
  );
  expect(Math.max(...made)).toBeLessThan(MAX_CONNECTIONS);
  expect((await busy.status()).connections.uncollected).toBeLessThan(MAX_CONNECTIONS);
  expect(rate / 30).toBeLessThan(MAX_IDLE_RATE);
});
