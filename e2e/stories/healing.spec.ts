import type { Page } from 'playwright/test';
import { KIB, testFile } from '../support/files.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { Tab } from '../support/tab.ts';
import { expect, test as base } from '../support/test.ts';

/** Stands before `openProfile` in a story's arguments: then its servers outlive the pages. */
const test = base.extend<{ startOther: typeof startServer }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads from it that this needs no other fixture
  startOther: async ({}, use) => {
    const servers: TestServer[] = [];
    await use(async (environment) => {
      const server = await startServer(environment);
      servers.push(server);
      return server;
    });
    for (const server of servers) await server.stop();
  },
});

/** As the overlay's own messages are: bencoded, with nobody in them. */
const NOBODY = {
  welcome: Buffer.from('d10:iceServersle5:peersle4:type7:welcomee'),
  peers: Buffer.from('d5:peersle4:type5:peerse'),
};

const signalingOf = ({ url }: TestServer): string => new URL('signal', url).href.replace('http', 'ws');

async function openAt({ url }: TestServer, page: Page): Promise<Tab> {
  await page.goto(url);
  const tab = new Tab(page);
  await tab.nodeId();
  return tab;
}

/** From now on this page has no way to one server, and the other one tells it of nobody. */
async function leaveOnlyCarrier(page: Page, gone: TestServer): Promise<void> {
  await page.routeWebSocket(/\/signal$/, (route) => {
    if (route.url() === signalingOf(gone)) return route.close({ code: 1001 });
    const server = route.connectToServer();
    server.onMessage((message) => {
      const bytes = Buffer.from(message);
      if (bytes.includes('4:type7:welcome')) route.send(NOBODY.welcome);
      else if (bytes.includes('4:type5:peers')) route.send(NOBODY.peers);
      else route.send(message);
    });
    return undefined;
  });
}

/** Resolves when the browser of this page remembers that tab. */
async function remembers(page: Page, nodeId: string): Promise<void> {
  // oxlint-disable unicorn/consistent-function-scoping -- this runs in the page, which has no outer scope to move to
  const all = () =>
    page.evaluate(async () => {
      const done = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.addEventListener('success', () => resolve(request.result));
          request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB failed')));
        });
      const database = await done(indexedDB.open('tabswarm-peers'));
      const [name = ''] = database.objectStoreNames;
      const values: unknown = await done(database.transaction(name).objectStore(name).getAll());
      database.close();
      return JSON.stringify(values);
    });
  await expect.poll(all).toContain(nodeId);
}

test.describe('networks that know nothing of each other', () => {
  test('become one when a single tab knows both', async ({ server: left, startOther, openProfile }) => {
    const right = await startOther();
    const both = await startOther({ SIGNALING_URLS: [left, right].map(signalingOf).join(',') });
    const a = await openAt(left, await (await openProfile()).newPage());
    const b = await openAt(right, await (await openProfile()).newPage());
    const file = testFile('from the other side.bin', 600 * KIB);
    const share = await a.share([file]);
    await b.paste(share.link);
    await b.expectState(share.root, 'finding');
    expect(await b.peers()).toEqual([]);

    const bridge = await openAt(both, await (await openProfile()).newPage());
    await b.expectState(share.root, 'complete');
    expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
    // Who was introduced needs the one who introduced it no more.
    await expect.poll(() => b.peers()).toContain(await a.nodeId());
    await bridge.close();
    await expect.poll(() => b.peers()).toEqual([await a.nodeId()]);
  });

  test('are bridged by a link that names the server of the other one', async ({
    server: left,
    startOther,
    openProfile,
  }) => {
    const right = await startOther();
    const a = await openAt(left, await (await openProfile()).newPage());
    const b = await openAt(right, await (await openProfile()).newPage());
    const file = testFile('named server.bin', 600 * KIB);
    const share = await a.share([file]);
    await b.download({ ...share, link: `${share.link}&x.s=${encodeURIComponent(signalingOf(left))}` });
    expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });
});

test('with one server down and the other naming nobody, a tab finds those that it remembers', async ({
  startOther,
  openProfile,
}) => {
  const second = await startOther();
  const first = await startOther({ SIGNALING_URLS: signalingOf(second) });
  const a = await openAt(first, await (await openProfile()).newPage());
  const pageOfB = await (await openProfile()).newPage();
  const b = await openAt(first, pageOfB);
  const ids = [await a.nodeId(), await b.nodeId()] as const;
  await b.expectPeers(1);
  await remembers(pageOfB, ids[0]);

  await leaveOnlyCarrier(pageOfB, first);
  await pageOfB.reload();
  expect(await b.nodeId()).toBe(ids[1]);
  // Its link from before the reload is no help: both are introduced anew, by ids alone.
  await expect.poll(() => b.peers()).toEqual([ids[0]]);
  await expect(pageOfB.getByTestId('signaling-state')).toHaveAttribute('data-state', 'connected');
});

test('connections that are over are given back to the browser', async ({ openTab, openProfile }) => {
  const tab = await openTab();
  const profile = await openProfile();
  for (let visit = 1; visit <= 4; visit += 1) {
    const visitor = await profile.openTab();
    await tab.expectPeers(1);
    await visitor.close();
    await expect.poll(() => tab.peers()).toEqual([]);
  }
  expect((await tab.status()).connections.made).toBeGreaterThanOrEqual(4);
  const session = await tab.page.context().newCDPSession(tab.page);
  await expect
    .poll(async () => {
      await session.send('HeapProfiler.collectGarbage');
      return (await tab.status()).connections.uncollected;
    })
    .toBe(0);
});
