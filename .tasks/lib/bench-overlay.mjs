import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT, TaskError } from './root.mjs';
import { run, runNode, TOOLS } from './run.mjs';

const DHT = join(ROOT, 'packages', 'dht');
const NODE_OPTIONS = [
  '--no-warnings',
  // A cap, not a need: Node's own is too low for the largest network. All that run at once share the machine's memory.
  `--max-old-space-size=${Math.floor((0.8 * totalmem()) / availableParallelism() / 2 ** 20)}`,
  // Most of what a simulation makes is short-lived; with Node's own 16 MiB a sixth of the time goes to collecting it.
  '--max-semi-space-size=64',
];

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
  const plans = [await plan('main', args), await plan('mainline-main', argsOfOther)];
  // What could not be understood has been said.
  if (plans.includes(undefined)) return 2;
  const runs = plans.flatMap(({ entry, runs }) => runs.map((options) => ({ entry, options })));
  if (runs.length === 0) {
    console.error('No scenario has a name with these words; without --only all are run.');
    return 2;
  }
  console.log(plans[0].heading);
  return runAll(runs);
}

async function plan(entry, args) {
  const { code, output } = await simulate(entry, ['plan', ...args], { capture: true });
  if (code === 0) return { entry, ...JSON.parse(output) };
  if (entry === 'main') console.error(output.trimEnd());
  return undefined;
}

/** As many at once as there are cores; their rows are printed in order. Resolves with the worst exit code. */
async function runAll(runs) {
  const pending = [...runs.keys()];
  const results = [];
  let printed = 0;
  const work = async () => {
    for (let at = pending.shift(); at !== undefined; at = pending.shift()) {
      const { entry, options } = runs[at];
      results[at] = await simulate(entry, ['run', ...options], { capture: true });
      for (; results[printed]; printed += 1) process.stdout.write(results[printed].output);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return Math.max(...results.map(({ code }) => code));
}

function simulate(entry, args, options) {
  return run(process.execPath, [...NODE_OPTIONS, join(DHT, 'dist', entry, `${entry}.js`), ...args], options);
}
