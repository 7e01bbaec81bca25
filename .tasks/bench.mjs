/*
 * `npm run bench`: how fast tabs exchange bytes here, against a raw data channel and WebTorrent, as a table, and then how
 * the overlay does in simulated networks. `npm run bench -- overlay` is the latter alone, and what stands after it goes to
 * packages/dht/sim/main.ts: `-- overlay --nodes 200 --lookups 100`. `-- large` carries a file of 4 GiB from disk to disk. Anything else goes to e2e/bench/main.ts, and is about
 * the former: `npm run bench -- --quick`, `-- --only raw,webtorrent`.
 */
import { join } from 'node:path';
import { benchOverlay } from './lib/bench-overlay.mjs';
import { build } from './lib/build.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { checkNodeVersion } from './lib/node-version.mjs';
import { fail, ROOT, TaskError } from './lib/root.mjs';
import { runNode, TOOLS } from './lib/run.mjs';

const E2E = join(ROOT, 'e2e');
/** Subjects that need neither the app nor its server. */
const OTHERS = new Set(['raw', 'webtorrent']);

async function bench(args) {
  checkNodeVersion();
  await ensureInstalled();
  const [subject, ...rest] = args;
  if (subject === 'overlay') {
    process.exitCode = await benchOverlay(rest);
    return;
  }
  if (subject === 'large') {
    process.exitCode = await benchLarge(rest);
    return;
  }
  const exchange = await benchExchange(args);
  process.exitCode = args.length > 0 ? exchange : exchange || (await benchOverlay([]));
}

async function benchExchange(args) {
  const only = args[args.indexOf('--only') + 1];
  const others = args.includes('--only') && only.split(',').every((name) => OTHERS.has(name));
  if (!others) await build();
  return runBench('main', args);
}

async function benchLarge(args) {
  await build();
  return runBench('large-main', args);
}

/** Bundles a benchmark of the browser and runs it; answers its exit code. */
async function runBench(name, args) {
  const bundle = ['build', '--ssr', `bench/${name}.ts`, '--outDir', 'dist', '--logLevel', 'warn'];
  const { code: notBuilt } = await runNode(TOOLS.vite, bundle, { cwd: E2E });
  if (notBuilt) throw new TaskError('Building the benchmark failed.');
  const { code } = await runNode(`e2e/dist/${name}.js`, args, {
    env: { CHROMIUM_PATH: await ensureChromium() },
  });
  return code;
}

bench(process.argv.slice(2)).catch(fail);
