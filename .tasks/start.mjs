/*
 * `npm start`: from a fresh clone to a page that runs, with nothing but Node and git on the machine. PORT and HOST say
 * where; the last line printed is the URL.
 */
import { checkNodeVersion } from './lib/node-version.mjs';
import { build } from './lib/build.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { fail } from './lib/root.mjs';

async function start() {
  checkNodeVersion();
  await ensureInstalled();
  console.log('Building ...');
  await build();
  // In this process, so that signals and the exit code are the server's own.
  await import('../signaling/dist/main.js');
}

start().catch(fail);
