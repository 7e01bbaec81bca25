/*
 * `npm run soak`: tabs come and go for half an hour, and those that stay must neither make too many connections nor
 * grow. `npm run soak -- --minutes 5` for another time, `-- --seed N` for the order of events of another run.
 * `npm run soak -- idle`: a tab that seeds and otherwise does nothing for ten minutes must not grow either.
 */
import { build } from './lib/build.mjs';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { checkNodeVersion } from './lib/node-version.mjs';
import { fail, TaskError } from './lib/root.mjs';
import { runNode, TOOLS } from './lib/run.mjs';

const MINUTES = 30;
const IDLE_MINUTES = 10;

async function soak(args) {
  const idle = args[0] === 'idle';
  const { minutes = idle ? IDLE_MINUTES : MINUTES, seed } = parse(idle ? args.slice(1) : args);
  checkNodeVersion();
  await ensureInstalled();
  const CHROMIUM_PATH = await ensureChromium();
  await build();
  console.log(
    idle ? `A tab is idle for ${minutes} minutes ...` : `Tabs come and go for ${minutes} minutes ...`,
  );
  const spec = idle ? 'idle.spec.ts' : 'soak.spec.ts';
  const story = ['test', '--config', 'e2e/playwright.config.ts', '--project=stories', spec];
  const { code } = await runNode(TOOLS.playwright, story, {
    env: {
      CHROMIUM_PATH,
      [idle ? 'IDLE_MINUTES' : 'SOAK_MINUTES']: String(minutes),
      ...(seed === undefined ? {} : { SEED: String(seed) }),
    },
  });
  process.exitCode = code;
}

function parse(args) {
  const given = {};
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at]?.replace(/^--/, '');
    const value = Number(args[at + 1]);
    if (!['minutes', 'seed'].includes(name) || !(value >= 0)) {
      throw new TaskError('npm run soak takes --minutes N and --seed N, after idle or nothing.');
    }
    given[name] = value;
  }
  return given;
}

soak(process.argv.slice(2)).catch(fail);
