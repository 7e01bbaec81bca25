import { readFile } from 'node:fs/promises';
import type { Browser, CDPSession } from 'playwright/test';

/*
 * How much memory the pages of a browser hold while something goes on: what their processes (page, worker and service
 * worker are in them) have of the machine's memory, as the system counts it. Buffers outside of JavaScript's heap count,
 * and so does what nobody refers to any more and the browser has not collected yet.
 */
interface CollectingWindow {
  gc(): void;
}

export interface MemoryWatch {
  /** Ends it. The most that any one process held above what it held at the beginning, in bytes, by process. */
  stop(): Promise<readonly number[]>;
}

/** Short enough to see what comes and goes. */
const SAMPLE_MS = 1_000;

/** Starts to watch. Only on systems that tell of processes in `/proc`; the answer is undefined on others. */
export async function watchRenderers(browser: Browser): Promise<MemoryWatch | undefined> {
  if (process.platform !== 'linux') return undefined;
  const session = await browser.newBrowserCDPSession();
  // What was there before must not make room, by being collected, for what comes.
  await collect(browser);
  const first = await measure(session);
  const most = new Map(first);
  let stopped = false;
  const sample = async (): Promise<void> => {
    while (!stopped) {
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
      const now = await measure(session);
      for (const [pid, bytes] of now) most.set(pid, Math.max(bytes, most.get(pid) ?? 0));
    }
  };
  const sampling = sample();
  return {
    async stop() {
      stopped = true;
      await sampling;
      await session.detach();
      return [...most].map(([pid, bytes]) => bytes - (first.get(pid) ?? 0));
    },
  };
}

/** In pages, workers and service workers; `--expose-gc` is among the flags that the browser is started with. */
async function collect(browser: Browser): Promise<void> {
  const contexts = browser.contexts();
  const pages = contexts.flatMap((context) => context.pages());
  const workers = contexts.flatMap((context) => context.serviceWorkers());
  const inside = pages.flatMap((page) => page.workers());
  // One that has just ended has nothing left to collect.
  await Promise.allSettled([
    ...pages.map((page) => page.evaluate(collectHere)),
    ...[...workers, ...inside].map((worker) => worker.evaluate(collectHere)),
  ]);
}

function collectHere(): void {
  (globalThis as unknown as CollectingWindow).gc();
}

/** Private memory by process, in bytes. */
async function measure(session: CDPSession): Promise<Map<number, number>> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const pids = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
  return new Map(await Promise.all(pids.map(async (pid) => [pid, await privateBytes(pid)] as const)));
}

/** What a process holds that is no part of a file on disk. Nothing where it has just ended. */
async function privateBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return 1024 * (kib('RssAnon') + kib('RssShmem') + kib('VmSwap'));
}
