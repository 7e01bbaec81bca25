/*
 * One tab with a limit for what it sends gives a file to several others at once, which help each other: how long until
 * the last one has it, and what the first has to send until somebody else has all of it. Fails above the bars.
 */
import { parseArgs } from 'node:util';
import { chromium, type Page } from 'playwright';
import { CHROMIUM_FLAGS } from '../support/chromium-flags.ts';
import { startServer } from '../support/server.ts';
import type { SurfaceWindow } from '../support/surface.ts';
import { fetchTogether } from '../support/swarming.ts';
import { MIB } from './subject.ts';

/** In file size over upload rate, in files, and in parts of what has to be received. */
const MAX_LAST_DONE = 1.6;
const MAX_SENT = 1.3;
const MAX_BESIDE = 0.02;

const { values } = parseArgs({
  options: {
    leechers: { type: 'string', default: '8' },
    mib: { type: 'string', default: '32' },
    kib: { type: 'string', default: '512' },
    runs: { type: 'string', default: '1' },
  },
});
const [leecherCount, mib, kib, runs] = [values.leechers, values.mib, values.kib, values.runs].map(Number);
if (!(leecherCount && mib && kib && runs)) {
  console.error('Usage: npm run bench -- swarm [--leechers 8] [--mib 32] [--kib 512 (a second)] [--runs 1]');
  process.exit(1);
}

const executablePath = process.env['CHROMIUM_PATH'];
const browser = await chromium.launch({
  args: [...CHROMIUM_FLAGS],
  ...(executablePath ? { executablePath } : {}),
});
try {
  console.log(
    `1 seeder that may send ${kib} KiB/s, ${leecherCount} leechers, ${mib} MiB, Chromium ${browser.version()}:\n`,
  );
  console.log(
    '| run | last done, x F/U | seeder sent until the second copy, x F | received beside the file |',
  );
  console.log('|---|---|---|---|');
  for (let run = 1; run <= runs; run += 1) {
    const { lastDone, sentAtSecondCopy, beside } = await measure(mib * MIB, kib * 1024, leecherCount);
    const row = [run, lastDone.toFixed(2), sentAtSecondCopy.toFixed(2), `${(beside * 100).toFixed(1)} %`];
    console.log(`| ${row.join(' | ')} |`);
    if (lastDone > MAX_LAST_DONE || sentAtSecondCopy > MAX_SENT || beside > MAX_BESIDE) process.exitCode = 1;
  }
  console.log(`\nbars: ${MAX_LAST_DONE}, ${MAX_SENT}, ${MAX_BESIDE * 100} %`);
} finally {
  await browser.close();
}

async function measure(bytes: number, limit: number, count: number) {
  const server = await startServer();
  const contexts = await Promise.all(Array.from({ length: count + 1 }, () => browser.newContext()));
  try {
    const pages: Page[] = [];
    for (const context of contexts) {
      const page = await context.newPage();
      await page.goto(server.url);
      pages.push(page);
    }
    for (const page of pages) {
      await page.waitForFunction(
        (peers) =>
          (globalThis as unknown as Partial<SurfaceWindow>).tabswarm?.status().peers.length === peers,
        count,
      );
    }
    const [seeder, ...leechers] = pages;
    if (!seeder) throw new Error('no page was opened');
    const link = await seeder.evaluate(async (size) => {
      const content = new Uint8Array(size);
      // As much as may be asked for at a time.
      for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(content.subarray(at, at + 65_536));
      const file = new File([content], 'for all of you.bin');
      return (await (globalThis as unknown as SurfaceWindow).tabswarm.share([file])).link;
    }, bytes);
    return await fetchTogether(seeder, leechers, { link, bytes }, limit);
  } finally {
    for (const context of contexts) await context.close();
    await server.stop();
  }
}
