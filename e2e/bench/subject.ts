import type { Browser, BrowserContext, Page } from 'playwright';

export const MIB = 1024 * 1024;

/** One way to bring bytes from one tab to another. */
export interface Subject {
  /** As the table names it. */
  readonly name: string;
  /** Carries `bytes` bytes once, between two contexts that `open` gives, and measures the carrying alone. */
  measure(bytes: number, tools: Tools): Promise<void>;
  close(): Promise<void>;
}

export interface Tools {
  /** A page in a new context at this URL. */
  open(url: string): Promise<Page>;
  /** Runs what is to be measured. */
  timed<T>(work: () => Promise<T>): Promise<T>;
}

export interface Measurement {
  readonly seconds: number;
  /** Of all the browser's processes together, and of each kind: `browser`, `renderer`, `GPU`, `utility`. */
  readonly cpuSeconds: number;
  readonly cpuByKind: ReadonlyMap<string, number>;
  /** Main-thread tasks of over 50 ms, of all pages together. */
  readonly longTasks: number;
}

/** One run of a subject, in contexts of its own that are gone afterwards. */
export async function measureOnce(browser: Browser, subject: Subject, bytes: number): Promise<Measurement> {
  const contexts: BrowserContext[] = [];
  const cpu = await browser.newBrowserCDPSession();
  const cpuByProcess = async (): Promise<ReadonlyMap<string, number>> => {
    const { processInfo } = await cpu.send('SystemInfo.getProcessInfo');
    return new Map(processInfo.map(({ id, type, cpuTime }) => [`${type} ${id}`, cpuTime]));
  };
  const pages: Page[] = [];
  let measured: Measurement | undefined;
  try {
    await subject.measure(bytes, {
      async open(url) {
        const context = await browser.newContext();
        contexts.push(context);
        const page = await context.newPage();
        pages.push(page);
        await page.addInitScript(countLongTasks);
        page.on('pageerror', (error) => console.error(`${subject.name}: ${error.message}`));
        await page.goto(url);
        return page;
      },
      async timed(work) {
        const cpuBefore = await cpuByProcess();
        const tasksBefore = await longTasksIn(pages);
        const startedAt = performance.now();
        const result = await work();
        const seconds = (performance.now() - startedAt) / 1_000;
        const cpuByKind = new Map<string, number>();
        for (const [process, after] of await cpuByProcess()) {
          const kind = process.split(' ')[0] ?? '';
          const used = after - (cpuBefore.get(process) ?? 0);
          cpuByKind.set(kind, (cpuByKind.get(kind) ?? 0) + used);
        }
        measured = {
          seconds,
          cpuSeconds: [...cpuByKind.values()].reduce((sum, used) => sum + used, 0),
          cpuByKind,
          longTasks: (await longTasksIn(pages)) - tasksBefore,
        };
        return result;
      },
    });
  } finally {
    await cpu.detach();
    for (const context of contexts) await context.close();
  }
  if (!measured) throw new Error(`${subject.name} measured nothing`);
  return measured;
}

interface CountingWindow extends Window {
  longTasks?: number;
}

/** Runs in the page. */
function countLongTasks(): void {
  const scope = globalThis as unknown as CountingWindow;
  scope.longTasks = 0;
  new PerformanceObserver((list) => {
    scope.longTasks = (scope.longTasks ?? 0) + list.getEntries().length;
  }).observe({ type: 'longtask' });
}

async function longTasksIn(pages: readonly Page[]): Promise<number> {
  let count = 0;
  for (const page of pages) {
    count += await page.evaluate(() => (globalThis as unknown as CountingWindow).longTasks ?? 0);
  }
  return count;
}
