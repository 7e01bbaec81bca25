/*
 * `npm run bench`: how fast tabs exchange bytes here, against a raw data channel and WebTorrent, as a table, how fast
 * files are hashed and stored, against the browser's own means, whether a file of 4 GiB goes from disk to disk in little
 * memory, and then how the overlay does in simulated networks. `npm run bench -- storage`, `-- large` and `-- overlay` are
 * those alone; what stands after them goes to e2e/bench/storage-main.ts (`-- storage --mib 16 --runs 3`),
 * e2e/bench/large-main.ts (`-- large --mib 1024`) and packages/dht/sim/main.ts (`-- overlay --nodes 200 --lookups 100`).
 * `-- lossy` carries files over a path that loses packets, `-- ping` measures how long a word takes beside a file,
 * `-- first-byte` how soon a pasted link gives its first block, `-- hidden` what hidden tabs keep of their rate, and
 * `-- swarm` gives a file from a slow tab to eight others. Anything else goes to e2e/bench/main.ts, and is about the first:
 * `npm run bench -- --quick`, `-- --only raw,webtorrent`.
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
/** What has a program of its own in e2e/bench, and is asked for by name. */
const IN_BROWSER = new Set(['first-byte', 'hidden', 'large', 'lossy', 'ping', 'storage', 'swarm']);
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
  if (IN_BROWSER.has(subject)) {
    await build();
    process.exitCode = await benchInBrowser(`${subject}-main`, rest);
    return;
  }
  const codes = [await benchExchange(args)];
  if (args.length === 0) {
    codes.push(
      await benchInBrowser('storage-main', []),
      await benchInBrowser('large-main', []),
      await benchOverlay([]),
    );
  }
  process.exitCode = Math.max(...codes);
}

async function benchExchange(args) {
  const only = args[args.indexOf('--only') + 1];
  const others = args.includes('--only') && only.split(',').every((name) => OTHERS.has(name));
  if (!others) await build();
  return benchInBrowser('main', args);
}

/** Bundles a program of e2e/bench, which opens a browser, and runs it; answers its exit code. */
async function benchInBrowser(program, args) {
  const bundle = ['build', '--ssr', `bench/${program}.ts`, '--outDir', 'dist', '--logLevel', 'warn'];
  const { code: notBuilt } = await runNode(TOOLS.vite, bundle, { cwd: E2E });
  if (notBuilt) throw new TaskError('Building the benchmark failed.');
  const { code } = await runNode(`e2e/dist/${program}.js`, args, {
    env: { CHROMIUM_PATH: await ensureChromium() },
  });
  return code;
}

bench(process.argv.slice(2)).catch(fail);
