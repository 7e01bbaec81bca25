import { join } from 'node:path';
import { ROOT, TaskError } from './root.mjs';
import { run, runNode, TOOLS } from './run.mjs';

const DHT = join(ROOT, 'packages', 'dht');
/** A cap, not a need: Node's own is too low for the largest network. */
const HEAP = '--max-old-space-size=18000';

/** How the costs of the overlay grow with the network; fewer lookups where each takes longer to simulate. */
const GROWTH = ['--only', 'nobody', '--nodes', '100,1000,10000', '--lookups', '1000,1000,300'];
/** What it is to be compared with, where that can be done in minutes. */
const GROWTH_OF_OTHER = ['--only', 'nobody', '--nodes', '100', '--lookups', '1000'];

const NOTES = `
Messages of the overlay are counted on all hops and of all nodes, those of bittorrent-dht are the datagrams that the
asker sends for the lookup and the answers that reach it. Milliseconds are those of the whole lookup, to its end, for
both. bittorrent-dht needs no links, so it may ask anybody at once: it has no dials and no links to count, and its
questions take one hop, while the overlay asks only over links that are open. Where 30 % of all pairs cannot connect,
its datagrams between them are lost, and so is 1 % of the others; the overlay's links are reliable and send again.
`;

/**
 * Runs the overlay in simulated networks, and bittorrent-dht on the same terrain, and prints both as one table. Resolves
 * with an exit code: not 0 where the overlay stays below a bar.
 */
export async function benchOverlay(args) {
  for (const entry of ['main', 'mainline-main']) {
    const bundle = ['build', '--ssr', `sim/${entry}.ts`, '--outDir', `dist/${entry}`, '--logLevel', 'warn'];
    const { code } = await runNode(TOOLS.vite, bundle, { cwd: DHT });
    if (code) throw new TaskError('Building the simulator failed.');
  }
  const code = await table(args, args);
  if (code > 1) return code;
  let growth = 0;
  if (args.length === 0) {
    console.log();
    growth = await table(GROWTH, GROWTH_OF_OTHER);
  }
  console.log(NOTES);
  return code || growth;
}

async function table(args, argsOfOther) {
  const ours = await simulate('main', args);
  // What could not be understood is said once.
  if (ours > 1) return ours;
  const others = await simulate('mainline-main', argsOfOther);
  return ours || others;
}

async function simulate(entry, args) {
  const options = ['--no-warnings', HEAP, join(DHT, 'dist', entry, `${entry}.js`), ...args];
  const { code } = await run(process.execPath, options);
  return code;
}
