/*
 * Prints how fast a share goes from one tab to another while both are in view, for five minutes while both are hidden, and
 * in view again. Fails where hidden tabs keep less than 0.8 of the rate.
 */
import { parseArgs } from 'node:util';
import { launchBareChromium, type BareTab } from '../support/bare-chromium.ts';
import { startServer } from '../support/server.ts';

const MIN_KEPT = 0.8;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    mib: { type: 'string', default: '64' },
  },
});
const minutes = Number(values.minutes);
const mib = Number(values.mib);
if (!(minutes > 0) || !(mib >= 1)) {
  console.error('Usage: npm run bench -- hidden [--minutes 5] [--mib 64]');
  process.exit(1);
}

const executablePath = process.env['CHROMIUM_PATH'];
if (executablePath === undefined) throw new Error('CHROMIUM_PATH is not set');
const server = await startServer();
const browser = await launchBareChromium(executablePath);
const [sharer, downloader] = [await browser.openTab(server.url), await browser.openTab(server.url)];
for (const tab of [sharer, downloader]) {
  await tab.waitFor('globalThis.tabswarm?.status().peers.length === 1');
}
const link = await sharer.evaluate<string>(`(async () => {
  const parts = Array.from({ length: ${mib} * 16 }, () => crypto.getRandomValues(new Uint8Array(65536)));
  return (await tabswarm.share([new File(parts, 'bench.bin')])).link;
})()`);

const before = await rateFor(minutes / 5, 'in view');
await sharer.hide();
await downloader.hide();
const hidden = await rateFor(minutes, 'hidden');
await sharer.show();
await downloader.show();
const after = await rateFor(minutes / 5, 'in view again');
await browser.close();
await server.stop();

const kept = hidden / ((before + after) / 2);
console.log(`\n| both tabs | MiB/s |\n|---|---|`);
console.log(`| in view, ${minutes / 5} min | ${before.toFixed(1)} |`);
console.log(`| hidden, ${minutes} min | ${hidden.toFixed(1)} |`);
console.log(`| in view again, ${minutes / 5} min | ${after.toFixed(1)} |`);
console.log(`\nhidden tabs keep ${kept.toFixed(2)} of the rate; it has to be ${MIN_KEPT}`);
process.exitCode = kept >= MIN_KEPT ? 0 : 1;

/** MiB per second of downloads, one after the other, each of which is removed when it is there. */
async function rateFor(span: number, what: string): Promise<number> {
  const until = performance.now() + span * 60_000;
  let seconds = 0;
  let count = 0;
  while (performance.now() < until) {
    seconds += await downloadOnce(downloader);
    count += 1;
  }
  const rate = (count * mib) / seconds;
  console.error(`${what}: ${count} x ${mib} MiB, ${rate.toFixed(1)} MiB/s`);
  return rate;
}

/** Seconds from the link pasted to all of it verified and kept, by the page's own clock. */
async function downloadOnce(tab: BareTab): Promise<number> {
  const seconds = await tab.evaluate<number>(`(async () => {
    const startedAt = performance.now();
    await tabswarm.download(${JSON.stringify(link)});
    return (performance.now() - startedAt) / 1000;
  })()`);
  await tab.waitFor(`(() => {
    const row = document.querySelector('[data-testid="transfer"]');
    for (const step of ['Remove ', 'Yes, remove ']) row?.querySelector('button[aria-label^="' + step + '"]')?.click();
    return !row && tabswarm.status().bytes === 0;
  })()`);
  return seconds;
}
