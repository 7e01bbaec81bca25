import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './root.mjs';

/** After the friendly signal, the other one. */
const KILL_AFTER_MS = 10_000;

/**
 * Runs a program to its end. Resolves with its exit code (1 where a signal or the time limit ended it) and, where
 * `capture` is set, with what it printed; otherwise it prints to this terminal.
 */
export function run(command, args, options = {}) {
  const { cwd = ROOT, env = {}, capture = false, timeoutMs, shell = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      shell,
      env: { ...process.env, ...env },
      stdio: capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    let output = '';
    for (const stream of capture ? [child.stdout, child.stderr] : []) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    let timedOut = false;
    let kill;
    const limit =
      timeoutMs &&
      setTimeout(() => {
        timedOut = true;
        child.kill('SIGINT');
        kill = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      }, timeoutMs);
    const settle = () => {
      clearTimeout(limit);
      clearTimeout(kill);
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', (code) => {
      settle();
      resolve({ code: timedOut ? 1 : (code ?? 1), output, timedOut });
    });
  });
}

/** Runs a JavaScript file with this Node, which needs no shell on any system. */
export function runNode(file, args, options) {
  return run(process.execPath, [join(ROOT, file), ...args], options);
}

/** The command-line programs among the development dependencies. */
export const TOOLS = {
  depcruise: 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
  knip: 'node_modules/knip/bin/knip.js',
  oxfmt: 'node_modules/oxfmt/bin/oxfmt',
  oxlint: 'node_modules/oxlint/bin/oxlint',
  playwright: 'node_modules/playwright/cli.js',
  tsc: 'node_modules/typescript/bin/tsc',
  vite: 'node_modules/vite/bin/vite.js',
  vitest: 'node_modules/vitest/vitest.mjs',
};
