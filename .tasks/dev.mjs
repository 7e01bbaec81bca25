/*
 * `npm run dev`: the app from its sources with hot reloading, and the signaling server rebuilt and restarted when it
 * changes. PORT (default 5173) and HOST say where.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { checkNodeVersion } from './lib/node-version.mjs';
import { ensureInstalled } from './lib/install.mjs';
import { fail, ROOT } from './lib/root.mjs';
import { runNode, TOOLS } from './lib/run.mjs';

const SIGNALING = join(ROOT, 'signaling');
const { HOST = '127.0.0.1', PORT = '5173' } = process.env;

async function dev() {
  checkNodeVersion();
  await ensureInstalled();
  const vite = await import('vite');

  // Built once before Node starts to watch it, and from then on whenever a source changes.
  await runNode(TOOLS.vite, ['build', '--logLevel', 'warn'], { cwd: SIGNALING });
  const watcher = await vite.build({
    root: SIGNALING,
    configFile: join(SIGNALING, 'vite.config.ts'),
    logLevel: 'warn',
    build: { watch: {}, emptyOutDir: false },
  });
  const port = await freePort();
  const signaling = spawn(process.execPath, ['--watch', '--watch-preserve-output', 'dist/main.js'], {
    cwd: SIGNALING,
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });

  const target = `http://127.0.0.1:${port}`;
  const app = await vite.createServer({
    root: join(ROOT, 'apps', 'web'),
    server: {
      host: HOST,
      port: Number(PORT),
      proxy: { '/signal': { target, ws: true }, '/health': { target }, '/config.json': { target } },
    },
  });
  const stop = () => {
    signaling.kill();
    Promise.all([app.close(), watcher.close()]).then(() => process.exit(0), fail);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  await app.listen();
  app.printUrls();
}

/** A port that was free a moment ago; the server keeps it across its restarts. */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

dev().catch(fail);
