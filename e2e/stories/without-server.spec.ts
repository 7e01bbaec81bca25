import type { Page, WebSocketRoute } from 'playwright/test';
import { NO_SERVER } from '../support/faults.ts';
import { MIB, testFile } from '../support/files.ts';
import { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

/** A way to take one page's server from it while others keep theirs. */
async function cuttable(page: Page): Promise<() => Promise<void>> {
  const routes: WebSocketRoute[] = [];
  let cut = false;
  await page.routeWebSocket(/\/signal/, (route) => {
    if (cut) return route.close({ code: 1001 });
    route.connectToServer();
    routes.push(route);
    return undefined;
  });
  return async () => {
    cut = true;
    for (const route of routes) await route.close({ code: 1001 });
  };
}

test('tabs introduce one another when the server has gone', async ({ openProfile, server, faults }) => {
  faults.expect(NO_SERVER);
  const pageOfA = await (await openProfile()).newPage();
  const cut = await cuttable(pageOfA);
  await pageOfA.goto(server.url);
  const a = new Tab(pageOfA);
  const b = await (await openProfile()).openTab();
  await a.expectPeers(1);

  // From here on the server does not know A: whoever links up with it was introduced by B.
  await cut();
  await expect(pageOfA.getByTestId('signaling-state')).not.toHaveAttribute('data-state', 'connected');
  const c = await (await openProfile()).openTab();
  await c.expectPeers(1);
  await server.stop();
  await c.expectPeers(2);
  await a.expectPeers(2);
  // That is not only by way of B: with B gone, A and C still have each other.
  await b.close();

  const file = testFile('after the server.bin', 2 * MIB);
  const share = await a.share([file]);
  await c.download(share);
  expect(await c.save(share.root)).toMatchObject({ sha256: file.sha256 });
});

test('when the server is back on its port, new tabs join those that are there', async ({
  openTab,
  server,
  faults,
}) => {
  faults.expect(NO_SERVER);
  const file = testFile('before and after.bin', 1 * MIB);
  const [a, b] = [await openTab(), await openTab()];
  const share = await a.share([file]);
  await b.expectPeers(1);
  await server.stop();
  await expect(a.page.getByTestId('signaling-state')).not.toHaveAttribute('data-state', 'connected');
  await server.start();
  // Those who were there come back by themselves, and only then can the server introduce anybody to them.
  await expect(a.page.getByTestId('signaling-state')).toHaveAttribute('data-state', 'connected', {
    timeout: 60_000,
  });
  const c = await openTab();
  await c.download(share);
  expect(await c.save(share.root)).toMatchObject({ sha256: file.sha256 });
});
