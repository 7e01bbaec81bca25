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
  /** Of all the browser's processes together. */
  readonly cpuSeconds: number;
}

/** One run of a subject, in contexts of its own that are gone afterwards. */
export async function measureOnce(browser: Browser, subject: Subject, bytes: number): Promise<Measurement> {
  const contexts: BrowserContext[] = [];
  const cpu = await browser.newBrowserCDPSession();
  const cpuSeconds = async (): Promise<number> => {
    const { processInfo } = await cpu.send('SystemInfo.getProcessInfo');
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  };
  let measured: Measurement | undefined;
  try {
    await subject.measure(bytes, {
      async open(url) {
        const context = await browser.newContext();
        contexts.push(context);
        const page = await context.newPage();
        page.on('pageerror', (error) => console.error(`${subject.name}: ${error.message}`));
        await page.goto(url);
        return page;
      },
      async timed(work) {
        const cpuBefore = await cpuSeconds();
        const startedAt = performance.now();
        const result = await work();
        const seconds = (performance.now() - startedAt) / 1_000;
        measured = { seconds, cpuSeconds: (await cpuSeconds()) - cpuBefore };
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
