import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base, type BrowserContextOptions, type Page } from 'playwright/test';
import { createFaults, type Faults } from './faults.ts';
import { startServer, type TestServer } from './server.ts';
import { Tab } from './tab.ts';
import { wiretap, type Wiretap } from './wiretap.ts';

/** One person's browser: its tabs share storage and identity slots. */
export interface Profile {
  openTab(): Promise<Tab>;
  /** A tab whose channels can be listened to and tampered with. */
  openTappedTab(): Promise<{ tab: Tab; tap: Wiretap }>;
  /** A page of this profile that has not been opened yet. */
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

interface Options {
  /** Settings of the server. */
  environment: Readonly<Record<string, string>>;
}

interface Fixtures {
  /** A server and so a network of this test's own. */
  server: TestServer;
  /** Whatever went wrong in any page; has to be empty at the end of every test. */
  faults: Faults;
  openProfile: (options?: BrowserContextOptions) => Promise<Profile>;
  /** A tab of a new person. */
  openTab: () => Promise<Tab>;
  /** An empty folder on disk, removed afterwards. */
  folder: string;
}

export const test = base.extend<Fixtures & Options>({
  environment: [{}, { option: true }],

  server: async ({ environment }, use) => {
    const server = await startServer(environment);
    await use(server);
    await server.stop();
  },

  faults: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads from it that this needs no other fixture
    async ({}, use) => {
      const faults = createFaults();
      await use(faults);
      expect(faults.list(), 'errors in the pages').toEqual([]);
    },
    { auto: true },
  ],

  openProfile: async ({ browser, server, faults }, use) => {
    const profiles: Profile[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext({ acceptDownloads: true, ...options });
      faults.watch(context);
      // Nobody can answer the browser's own dialogs here; without them the page saves through the download list.
      await context.addInitScript(() => {
        Reflect.deleteProperty(globalThis, 'showSaveFilePicker');
        Reflect.deleteProperty(globalThis, 'showDirectoryPicker');
      });
      const open = async (page: Page): Promise<Tab> => {
        await page.goto(server.url);
        const tab = new Tab(page);
        await tab.nodeId();
        return tab;
      };
      const profile: Profile = {
        newPage: () => context.newPage(),
        openTab: async () => open(await context.newPage()),
        async openTappedTab() {
          const page = await context.newPage();
          const tap = await wiretap(page);
          return { tab: await open(page), tap };
        },
        close: () => context.close(),
      };
      profiles.push(profile);
      return profile;
    });
    for (const profile of profiles) await profile.close();
  },

  openTab: async ({ openProfile }, use) => {
    await use(async () => (await openProfile()).openTab());
  },

  // oxlint-disable-next-line no-empty-pattern -- Playwright reads from it that this needs no other fixture
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'tabswarm-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

export { expect } from 'playwright/test';
