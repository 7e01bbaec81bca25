import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_FLAGS } from './e2e/support/chromium-flags.ts';

const executablePath = process.env['CHROMIUM_PATH'];

/** Contract suites against what only a browser has: IndexedDB as it is on disk, real peer connections. */
export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.browser.test.ts'],
    passWithNoTests: false,
    restoreMocks: true,
    // The default of a second would let the speed of a machine decide.
    expect: { poll: { timeout: 60_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { args: [...CHROMIUM_FLAGS], ...(executablePath ? { executablePath } : {}) },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
