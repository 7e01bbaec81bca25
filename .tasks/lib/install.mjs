import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST, ROOT, TaskError } from './root.mjs';
import { run } from './run.mjs';

/** What the installed packages depend on. A stamp of it tells whether they are those of this checkout. */
const INPUTS = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'];
const STAMP = join(ROOT, 'node_modules', '.tabswarm-installed');

/** Installs the packages of the lockfile, with the pnpm that package.json names, unless they are there. */
export async function ensureInstalled() {
  const wanted = inputsHash();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  console.log('Installing packages ...');
  const { code } = await run('npx', ['--yes', MANIFEST.packageManager, 'install', '--frozen-lockfile'], {
    // pnpm asks before it replaces a node_modules of another version; nobody may be there to answer.
    env: { CI: 'true' },
    // npx is a script on Windows.
    shell: process.platform === 'win32',
  });
  if (code !== 0) {
    throw new TaskError('Installing the packages failed; what pnpm says about it is above.');
  }
  writeFileSync(STAMP, wanted);
}

function inputsHash() {
  const hash = createHash('sha256');
  for (const file of INPUTS) hash.update(readFileSync(join(ROOT, file)));
  return hash.digest('hex');
}
