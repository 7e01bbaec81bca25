import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkArrows } from './arrows.mjs';
import { build } from './build.mjs';
import { ensureChromium } from './chromium.mjs';
import { playwrightCounts, settle, vitestCounts } from './counts.mjs';
import { ROOT } from './root.mjs';
import { runNode, TOOLS } from './run.mjs';

const MINUTE_MS = 60_000;
const GATE_TIMEOUT_MS = 5 * MINUTE_MS;
const UNIT_TIMEOUT_MS = 10 * MINUTE_MS;
const BROWSER_TIMEOUT_MS = 5 * MINUTE_MS;
const STORIES_TIMEOUT_MS = 32 * MINUTE_MS;
const REPORTS = join(ROOT, 'node_modules', '.cache', 'tabswarm');

/**
 * What `npm test` runs, in this order. A stage takes what was written after `--` on the command line, for its runner,
 * and resolves with the tests that passed and failed in it.
 */
export const STAGES = {
  format: () => gate(TOOLS.oxfmt, ['--check', '.']),
  lint: () => gate(TOOLS.oxlint, ['--type-aware', '--deny-warnings']),
  types: checkTypes,
  unused: () => gate(TOOLS.knip, []),
  arrows: async () => {
    const { ok, problems, modules } = await checkArrows();
    for (const problem of problems) console.log(problem);
    console.log(`${modules} modules, ${problems.length} problems`);
    return verdict(ok);
  },
  unit: (args) => vitest('.vitest.config.ts', args, { timeoutMs: UNIT_TIMEOUT_MS }),
  browser: async (args) =>
    vitest('.vitest.browser.config.ts', args, {
      timeoutMs: BROWSER_TIMEOUT_MS,
      env: { CHROMIUM_PATH: await ensureChromium() },
    }),
  stories: async (args) => {
    const CHROMIUM_PATH = await ensureChromium();
    await build();
    return playwright(['--project=stories', ...args], { CHROMIUM_PATH });
  },
};

function verdict(ok) {
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function gate(tool, args, options = {}) {
  const { code } = await runNode(tool, args, { timeoutMs: GATE_TIMEOUT_MS, ...options });
  return verdict(code === 0);
}

/** Each workspace package by itself, with its own settings: what a package may use differs. */
async function checkTypes() {
  const packages = ['packages', 'apps']
    .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => join(folder, name)))
    .concat('signaling', 'e2e')
    .filter((folder) => existsSync(join(ROOT, folder, 'tsconfig.json')));
  let ok = packages.length > 0;
  for (const folder of packages) {
    const { passed } = await gate(TOOLS.tsc, ['--noEmit'], { cwd: join(ROOT, folder) });
    if (passed === 0) console.log(`types: ${folder} failed`);
    ok &&= passed === 1;
  }
  return verdict(ok);
}

async function vitest(config, args, options) {
  const report = freshReport(`${config}.json`);
  const { code } = await runNode(
    TOOLS.vitest,
    [
      'run',
      '--config',
      config,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    options,
  );
  return settle(vitestCounts(report), code);
}

async function playwright(args, env) {
  const report = freshReport('playwright.json');
  const { code } = await runNode(
    TOOLS.playwright,
    ['test', '--config', 'e2e/playwright.config.ts', ...args],
    {
      timeoutMs: STORIES_TIMEOUT_MS,
      env: { ...env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
    },
  );
  return settle(playwrightCounts(report), code);
}

/** A report left over from an earlier run must not be taken for this one's. */
function freshReport(name) {
  const file = join(REPORTS, name);
  rmSync(file, { force: true });
  return file;
}
