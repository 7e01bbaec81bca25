/*
 * `npm run screenshots`: pictures of the app in its states, in e2e/screenshots.
 */
import { build } from './lib/build.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { checkNodeVersion } from './lib/node-version.mjs';
import { fail } from './lib/root.mjs';
import { runNode, TOOLS } from './lib/run.mjs';

async function screenshots() {
  checkNodeVersion();
  await ensureInstalled();
  const CHROMIUM_PATH = await ensureChromium();
  await build();
  const args = ['test', '--config', 'e2e/playwright.config.ts', '--project=screenshots'];
  const { code } = await runNode(TOOLS.playwright, args, { env: { CHROMIUM_PATH } });
  process.exitCode = code;
}

screenshots().catch(fail);
