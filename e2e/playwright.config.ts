import { defineConfig } from 'playwright/test';
import { CHROMIUM_FLAGS } from './support/chromium-flags.ts';

const executablePath = process.env['CHROMIUM_PATH'];
const report = process.env['PLAYWRIGHT_JSON_OUTPUT_FILE'];
const MINUTE_MS = 60_000;

export default defineConfig({
  outputDir: './test-results',
  // Every story has several tabs, each with connections and a hashing worker: one story has enough to do.
  workers: 1,
  timeout: 2 * MINUTE_MS,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  retries: 0,
  reporter: [['list'], ...(report ? [['json', { outputFile: report }] as const] : [])],
  use: {
    browserName: 'chromium',
    launchOptions: { args: [...CHROMIUM_FLAGS], ...(executablePath ? { executablePath } : {}) },
  },
  projects: [
    { name: 'stories', testDir: './stories' },
    { name: 'screenshots', testDir: './screenshots' },
  ],
});
