/*
 * What one source gives over a path that is long and loses packets: raw data channels over one and four connections, and
 * files downloaded, by the app as it is and by one whose pages may make one connection only. All go through the same UDP
 * proxy, in turns. Fails where the app as it is brings less than MIN_GAIN times what a single connection does.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright';
import { CHROMIUM_FLAGS } from '../support/chromium-flags.ts';
import { createRandom } from '../support/random.ts';
import { startServer } from '../support/server.ts';
import { createUdpProxy } from '../support/wire/udp-proxy.ts';
import { carryRaw, connectRaw } from './raw-channels.ts';
import { makeRandomFile } from './random-file.ts';
import { serveFiles } from './static-server.ts';
import { MIB } from './subject.ts';
import { median } from './table.ts';
import { downloadFile, shareFile, untilLinked } from './tabswarm.ts';

const MIN_GAIN = 2;
const PAGE = join(import.meta.dirname, '..', 'bench', 'pages', 'blank.html');

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    mib: { type: 'string', default: '16' },
    delay: { type: 'string', default: '20' },
    loss: { type: 'string', default: '1' },
    raw: { type: 'string', default: '1,4' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const [runs, mib, delayMs, loss] = [values.runs, values.mib, values.delay, values.loss].map(Number) as [
  number,
  number,
  number,
  number,
];
if (!(runs >= 1) || !(mib >= 1) || !(delayMs >= 0) || !(loss >= 0) || !(loss < 100)) {
  console.error('Usage: npm run bench -- lossy [--runs 5] [--mib 16] [--delay 20] [--loss 1] [--raw 1,4]');
  process.exit(1);
}

/** Carries the bytes once between two pages that `open` gives, and resolves with the seconds that it took. */
type Carry = (open: (url: string, prepare?: () => void) => Promise<Page>) => Promise<number>;

const SINGLE = 'Tabswarm, one connection';
const STRIPED = 'Tabswarm';
const [server, files] = [await startServer(), await serveFiles({ '/blank.html': PAGE })];
const subjects: Record<string, Carry> = {};
for (const count of values.raw.split(',').map(Number)) {
  subjects[`raw, ${count} connection${count === 1 ? '' : 's'}`] = (open) => carryOverRaw(open, count);
}
subjects[SINGLE] = (open) => carryFile(open, onlyOneConnection);
subjects[STRIPED] = (open) => carryFile(open);

const executablePath = process.env['CHROMIUM_PATH'];
const browser = await chromium.launch({
  args: [...CHROMIUM_FLAGS],
  ...(executablePath ? { executablePath } : {}),
});
const rates = new Map<string, number[]>();
try {
  for (let run = 1; run <= runs; run += 1) {
    for (const [name, carry] of Object.entries(subjects)) {
      if (values.only !== undefined && !name.startsWith(values.only)) continue;
      const rate = mib / (await measure(browser, carry, run));
      rates.set(name, [...(rates.get(name) ?? []), rate]);
      console.error(`${run}/${runs} ${name}: ${rate.toFixed(2)} MiB/s`);
    }
  }
} finally {
  await browser.close();
  await server.stop();
  await files.close();
}
process.exitCode = report();

function report(): number {
  console.log(
    `${mib} MiB, ${delayMs} ms each way (${2 * delayMs} ms there and back), ${loss} % of packets lost each way, ${runs} runs in turns:\n`,
  );
  const single = median(rates.get(SINGLE) ?? []);
  const raw = median(rates.get('raw, 1 connection') ?? []);
  console.log(
    '| subject | MiB/s, median | range | x raw | x one connection of ours |\n|---|---|---|---|---|',
  );
  for (const [name, all] of rates) {
    const ratios = [raw, single].map((base) => (median(all) / base).toFixed(2));
    const range = `${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)}`;
    console.log(`| ${name} | ${median(all).toFixed(2)} | ${range} | ${ratios.join(' | ')} |`);
  }
  const gain = median(rates.get(STRIPED) ?? []) / Math.max(single, raw);
  if (Number.isNaN(gain)) {
    console.log('\nNot judged, as that takes both of ours and a single raw connection.');
    return 0;
  }
  if (gain >= MIN_GAIN) return 0;
  console.log(`\nBelow the bar: ${gain.toFixed(2)} times a single connection, and not ${MIN_GAIN}.`);
  return 1;
}

async function measure(within: Browser, carry: Carry, run: number): Promise<number> {
  const proxy = createUdpProxy(createRandom(String(Number(values.seed) + run)));
  proxy.shape({}, { delayMs, loss: loss / 100 });
  let pages = 0;
  const contexts: { close(): Promise<void> }[] = [];
  try {
    return await carry(async (url, prepare) => {
      const context = await within.newContext();
      contexts.push(context);
      const page = await context.newPage();
      page.on('pageerror', (error) => console.error(error.message));
      await proxy.join(page, `page ${(pages += 1)}`);
      if (prepare) await page.addInitScript(prepare);
      await page.goto(url);
      return page;
    });
  } finally {
    for (const context of contexts) await context.close();
    proxy.close();
  }
}

async function carryOverRaw(open: Parameters<Carry>[0], count: number): Promise<number> {
  const url = `${files.url}/blank.html`;
  const [sender, receiver] = [await open(url), await open(url)];
  await connectRaw(sender, receiver, count);
  return seconds(() => carryRaw(sender, receiver, mib * MIB));
}

async function carryFile(open: Parameters<Carry>[0], prepare?: () => void): Promise<number> {
  const pages = [await open(server.url, prepare), await open(server.url, prepare)] as const;
  for (const page of pages) await untilLinked(page);
  const [sharer, downloader] = pages;
  await makeRandomFile(sharer, mib * MIB);
  const link = await shareFile(sharer);
  return seconds(() => downloadFile(downloader, link));
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

/** Runs in the page: there is one connection to be had, as if the browser had no more. */
function onlyOneConnection(): void {
  let made = 0;
  const Original = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Original {
    constructor(configuration?: RTCConfiguration) {
      if (made >= 1) throw new DOMException('no more connections', 'UnknownError');
      made += 1;
      super(configuration);
    }
  };
}
