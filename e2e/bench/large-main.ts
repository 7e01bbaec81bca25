/*
 * Carries one large file from the disk of one tab to the disk of another, as a person would: chosen, shared, its link
 * pasted, and saved while it downloads. Prints how fast, and how much memory the pages took meanwhile; fails where the
 * file that was saved differs or a page grew by more than MAX_GROWTH_MIB.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright';
import { CHROMIUM_FLAGS } from '../support/chromium-flags.ts';
import { makeLargeFile, sha256OfFile, type LargeFile } from '../support/large-file.ts';
import { watchRenderers } from '../support/renderers.ts';
import { startServer } from '../support/server.ts';
import { MIB } from './subject.ts';

/** What a tab may grow by, whatever it carries. */
const MAX_GROWTH_MIB = 200;
const HOUR_MS = 60 * 60_000;

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '4096' },
  },
});
const mib = Number(values.mib);
if (!(mib >= 1)) {
  console.error('Usage: npm run bench -- large [--mib 4096]');
  process.exit(1);
}

const executablePath = process.env['CHROMIUM_PATH'];
const folder = await mkdtemp(join(tmpdir(), 'tabswarm-large-'));
const contexts: BrowserContext[] = [];
const server = await startServer();
try {
  process.exitCode = await carry(await makeLargeFile(join(folder, 'large.bin'), mib * MIB));
} finally {
  for (const context of contexts) await context.close();
  await server.stop();
  await rm(folder, { recursive: true });
}

async function carry(file: LargeFile): Promise<number> {
  const [sharer, downloader] = [await open('sharer'), await open('downloader')];
  const memory = await Promise.all(contexts.map((context) => watchRenderers(browserOf(context))));
  const times: [what: string, seconds: number][] = [];
  let before = performance.now();
  const lap = (what: string): void => {
    times.push([what, (performance.now() - before) / 1_000]);
    before = performance.now();
    console.error(`${what}: ${times.at(-1)?.[1].toFixed(1)} s`);
  };

  await sharer.getByTestId('file-input').setInputFiles(file.path);
  const shared = sharer.locator('[data-testid="transfer"][data-state="sharing"]');
  const link = await shared.getByTestId('share-link').inputValue({ timeout: HOUR_MS });
  lap('file chosen to link ready');

  await downloader.getByTestId('link-input').fill(link);
  await downloader.getByTestId('download-button').click();
  const [download] = await Promise.all([
    downloader.waitForEvent('download', { timeout: HOUR_MS }),
    downloader.getByTestId('save-button').click({ timeout: HOUR_MS }),
  ]);
  const path = await download.path();
  lap('link pasted to saved on disk');
  const growth: number[] = [];
  for (const watch of memory) {
    const grown = await watch?.stop();
    if (grown) growth.push(Math.round(Math.max(0, ...grown) / MIB));
  }

  const { size } = await stat(path);
  const same = (await sha256OfFile(path)) === file.sha256;
  console.log(`${mib} MiB from disk to disk, Chromium ${sharer.context().browser()?.version() ?? ''}:\n`);
  console.log('| step | s | MiB/s |\n|---|---|---|');
  for (const [what, seconds] of times)
    console.log(`| ${what} | ${seconds.toFixed(1)} | ${(mib / seconds).toFixed(1)} |`);
  console.log(`\nSHA-256 ${same ? 'equal' : 'DIFFERS'}, ${size} bytes`);
  console.log(
    growth.length > 0
      ? `memory of the sharer's and the downloader's pages grew by ${growth.join(' and ')} MiB at most (bar: ${MAX_GROWTH_MIB})`
      : 'memory of the pages: not known on this system',
  );
  // Nobody carries such a file without growing at all: then it was not measured.
  const small = growth.length > 0 && growth.every((mib) => mib > 0 && mib < MAX_GROWTH_MIB);
  return same && small ? 0 : 1;
}

/** A page of a new person, whose profile lies on disk: what Playwright's other contexts store stays in memory. */
async function open(name: string): Promise<Page> {
  const context = await chromium.launchPersistentContext(join(folder, name), {
    args: [...CHROMIUM_FLAGS],
    acceptDownloads: true,
    downloadsPath: folder,
    ...(executablePath ? { executablePath } : {}),
  });
  contexts.push(context);
  const [page = await context.newPage()] = context.pages();
  // Nobody can answer its dialog; without it the page saves by the browser's downloads.
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'showSaveFilePicker'));
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(server.url);
  await page.getByTestId('node-id').waitFor();
  return page;
}

function browserOf(context: BrowserContext): Browser {
  const browser = context.browser();
  if (!browser) throw new Error('a context without a browser');
  return browser;
}
