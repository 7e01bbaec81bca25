import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { CHROMIUM_FLAGS } from '../support/chromium-flags.ts';
import { startServer } from '../support/server.ts';
import { MIB } from './subject.ts';
import { median } from './table.ts';

/** What the benchmark page of the app offers (bench.html), in a worker of its own; milliseconds. */
interface StorageBench {
  digest(file: File): Promise<number>;
  hashAndSeal(file: File): Promise<number>;
  writeBare(bytes: number): Promise<number>;
  store(bytes: number): Promise<number>;
  share(file: File): Promise<number>;
}
interface BenchWindow extends Window {
  openStorageBench(): StorageBench;
  storageBench: StorageBench;
}

/** In pairs: what the browser does by itself, and what the product does. */
export const STEPS = ['digest', 'hashAndSeal', 'writeBare', 'store', 'share'] as const;
export type Step = (typeof STEPS)[number];

/**
 * What only takes time of the processors takes little of it, and half as much again where the file is read for the first
 * time or the code is not compiled yet: so three times, in turns.
 */
const IN_TURNS = ['digest', 'hashAndSeal', 'hashAndSeal', 'digest', 'digest', 'hashAndSeal'] as const;
const ORDER: readonly Step[] = [...IN_TURNS, 'writeBare', 'store', 'share'];

export interface StorageRun {
  /** MiB a second, medians where a step was taken more than once. */
  readonly rates: Readonly<Record<Step, number>>;
  readonly version: string;
}

/**
 * One run over a file of random bytes on disk, in a browser with a profile on disk: what a private window keeps is in
 * memory. `reversed` has the steps in the other order.
 */
export async function measureStorage(
  bytes: number,
  { reversed }: { reversed: boolean },
): Promise<StorageRun> {
  const folder = await mkdtemp(join(tmpdir(), 'tabswarm-bench-'));
  const server = await startServer();
  const executablePath = process.env['CHROMIUM_PATH'];
  try {
    const path = join(folder, 'bench.bin');
    await writeRandom(path, bytes);
    const browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
      args: [...CHROMIUM_FLAGS],
      ...(executablePath ? { executablePath } : {}),
    });
    try {
      const page = await browser.newPage();
      await page.goto(new URL('/bench.html', server.url).href);
      await choose(page, path);
      const rates = new Map<Step, number[]>();
      for (const step of reversed ? ORDER.toReversed() : ORDER) {
        const rate = bytes / MIB / ((await measure(page, step, bytes)) / 1_000);
        rates.set(step, [...(rates.get(step) ?? []), rate]);
      }
      const medians = STEPS.map((step) => [step, median(rates.get(step) ?? [])] as const);
      return {
        rates: Object.fromEntries(medians) as StorageRun['rates'],
        version: browser.browser()?.version() ?? '',
      };
    } finally {
      await browser.close();
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
}

/** Gives the page the file as a person would: it stays on disk until it is read. */
async function choose(page: Page, path: string): Promise<void> {
  await page.evaluate(() => {
    const input = document.createElement('input');
    input.type = 'file';
    document.body.append(input);
    const bench = globalThis as unknown as BenchWindow;
    bench.storageBench = bench.openStorageBench();
  });
  await page.locator('input[type=file]').setInputFiles(path);
}

async function measure(page: Page, step: Step, bytes: number): Promise<number> {
  return page.evaluate(
    async ([name, total]) => {
      const { storageBench } = globalThis as unknown as BenchWindow;
      const file = document.querySelector<HTMLInputElement>('input[type=file]')?.files?.[0];
      if (!file) throw new Error('there is no file');
      if (name === 'writeBare' || name === 'store') return storageBench[name](total);
      return storageBench[name](file);
    },
    [step, bytes] as const,
  );
}

/** Every megabyte is another one, since a block is stored once. */
async function writeRandom(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (let written = 0; written < bytes; written += MIB) await file.write(randomBytes(MIB));
  } finally {
    await file.close();
  }
}
