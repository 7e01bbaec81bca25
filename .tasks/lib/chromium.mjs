import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ROOT, TaskError } from './root.mjs';
import { run, runNode, TOOLS } from './run.mjs';

/** A Chromium that starts says its version well within this time, also on a machine that is busy. */
const VERSION_TIMEOUT_MS = 30_000;
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;
const PACKAGE_TIMEOUT_MS = 5 * 60_000;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/**
 * The path of a Chromium that starts: CHROMIUM_PATH, one found on the machine, Playwright's own, or the system's
 * package, in this order. What is missing is installed. Throws a TaskError where nothing helps.
 */
export async function ensureChromium() {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen) {
    if (await starts(chosen)) return chosen;
    throw new TaskError(`CHROMIUM_PATH is "${chosen}", which does not start as a Chromium does.`);
  }
  const found = await findChromium();
  if (found) return found;
  for (const install of [installPlaywrights, installSystemPackage]) {
    await install();
    const installed = await findChromium();
    if (installed) return installed;
  }
  throw new TaskError(
    'No Chromium was found, and none could be installed. Install Chromium or Chrome, or name one in CHROMIUM_PATH.',
  );
}

async function findChromium() {
  for (const candidate of candidates()) {
    if (existsSync(candidate) && (await starts(candidate))) return candidate;
  }
  return undefined;
}

function candidates() {
  const { PATH = '', LOCALAPPDATA = '', PROGRAMFILES = '' } = process.env;
  const onPath = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  switch (process.platform) {
    case 'darwin': {
      const apps = ['Google Chrome.app/Contents/MacOS/Google Chrome', 'Chromium.app/Contents/MacOS/Chromium'];
      const folders = ['/Applications', join(homedir(), 'Applications')];
      return [...onPath, ...folders.flatMap((folder) => apps.map((app) => join(folder, app))), playwrights()];
    }
    case 'win32': {
      const apps = ['Google/Chrome/Application/chrome.exe', 'Chromium/Application/chrome.exe'];
      const folders = [PROGRAMFILES, LOCALAPPDATA].filter((folder) => folder !== '');
      return [...folders.flatMap((folder) => apps.map((app) => join(folder, app))), playwrights()];
    }
    default:
      return [...onPath, playwrights()];
  }
}

/** Where Playwright keeps, or would keep, the Chromium that belongs to its version. */
function playwrights() {
  const require = createRequire(join(ROOT, 'package.json'));
  return require('playwright').chromium.executablePath();
}

/** Some systems have a `chromium` that only says where to get it from, and some Chromiums lack a library. */
async function starts(path) {
  // On Windows Chrome does not answer this question: it opens a window.
  if (process.platform === 'win32') return existsSync(path);
  try {
    const { code } = await run(path, ['--version'], { capture: true, timeoutMs: VERSION_TIMEOUT_MS });
    return code === 0;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EACCES') return false;
    throw error;
  }
}

async function installPlaywrights() {
  console.log('No Chromium found; installing the one of Playwright ...');
  const { code } = await runNode(TOOLS.playwright, ['install', 'chromium'], {
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  });
  if (code === 0 && process.platform === 'linux' && !(await starts(playwrights()))) {
    await asRoot(process.execPath, [join(ROOT, TOOLS.playwright), 'install-deps', 'chromium']);
  }
}

async function installSystemPackage() {
  if (!existsSync('/usr/bin/apt-get')) return;
  console.log("Installing the system's Chromium ...");
  await asRoot('apt-get', ['update', '--quiet']);
  await asRoot('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', 'chromium']);
}

/** As root, or as somebody who may become root without a question. A failure shows in what is still missing then. */
async function asRoot(command, args) {
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: PACKAGE_TIMEOUT_MS };
  if (process.getuid?.() === 0) return run(command, args, options);
  if (!existsSync('/usr/bin/sudo')) return undefined;
  return run('sudo', ['-n', command, ...args], options);
}
