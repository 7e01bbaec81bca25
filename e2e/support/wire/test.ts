import type { Page } from 'playwright';
import { createRandom } from '../random.ts';
import { Tab } from '../tab.ts';
import { test as base } from '../test.ts';
import { createUdpProxy, type UdpProxy } from './udp-proxy.ts';

const SEED = process.env['SEED'] ?? '1';

interface Fixtures {
  wire: UdpProxy;
  /** A tab of a new person, whose connections go through the proxy under this name. `prepare` comes before it is opened. */
  openWiredTab: (name: string, prepare?: (page: Page) => Promise<void>) => Promise<Tab>;
}

/** Stories whose tabs are joined by lines that the test makes slow, long, lossy, or cuts. */
export const test = base.extend<Fixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads from it that this needs no other fixture
  wire: async ({}, use) => {
    const proxy = createUdpProxy(createRandom(SEED));
    await use(proxy);
    proxy.close();
  },
  openWiredTab: async ({ openProfile, server, wire }, use) => {
    await use(async (name, prepare) => {
      const page = await (await openProfile()).newPage();
      await wire.join(page, name);
      await prepare?.(page);
      await page.goto(server.url);
      const tab = new Tab(page);
      await tab.nodeId();
      return tab;
    });
  },
});

export { expect } from 'playwright/test';
