import type { Page } from 'playwright';
import { startServer } from '../support/server.ts';
import { makeRandomFile } from './random-file.ts';
import type { Subject } from './subject.ts';

/** What the benchmark page of the app offers (bench.html): a link between two tabs and nothing above it. */
interface TransportBench {
  /** Joins the server; resolves with the id to connect to. */
  listen(): Promise<string>;
  /** Resolves when linked to the tab that listens. */
  connect(id: string): Promise<void>;
  /** Sends so many bytes on the bulk channel; resolves when the other side has them all. */
  pump(bytes: number): Promise<unknown>;
}
interface BenchWindow extends Window {
  bench: TransportBench;
  benchFile: File;
  tabswarm: {
    share(files: readonly File[], options: object): Promise<{ link: string }>;
    download(link: string): Promise<object>;
    status(): { peers: readonly unknown[] };
  };
}

/** Our transport alone: framing, flow control, and no files. */
export async function transportSubject(): Promise<Subject> {
  const server = await startServer();
  return {
    name: 'Tabswarm transport',
    close: () => server.stop(),
    async measure(bytes, { open, timed }) {
      const url = new URL('/bench.html', server.url).href;
      const [receiver, sender] = [await open(url), await open(url)];
      for (const page of [receiver, sender]) await page.waitForFunction(() => 'bench' in globalThis);
      const [id] = [await listen(receiver), await listen(sender)];
      await sender.evaluate((to) => (globalThis as unknown as BenchWindow).bench.connect(to), id);
      await timed(() =>
        sender.evaluate(async (total) => {
          await (globalThis as unknown as BenchWindow).bench.pump(total);
        }, bytes),
      );
    },
  };
}

/** The whole way: link pasted, holder found, every block fetched, verified and stored. */
export async function wholePathSubject(): Promise<Subject> {
  const server = await startServer();
  return {
    name: 'Tabswarm, share to stored',
    close: () => server.stop(),
    async measure(bytes, { open, timed }) {
      const [sharer, downloader] = [await open(server.url), await open(server.url)];
      for (const page of [sharer, downloader]) await untilLinked(page);
      await makeRandomFile(sharer, bytes);
      const link = await shareFile(sharer);
      await timed(() => downloadFile(downloader, link));
    },
  };
}

/** Resolves when the page of the app has exactly one peer. */
export async function untilLinked(page: Page): Promise<void> {
  await page.waitForFunction(
    () => (globalThis as unknown as Partial<BenchWindow>).tabswarm?.status().peers.length === 1,
  );
}

/** Shares the page's random file; resolves with the link. */
export async function shareFile(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { tabswarm, benchFile } = globalThis as unknown as BenchWindow;
    return (await tabswarm.share([benchFile], { visibility: 'private' })).link;
  });
}

/** Resolves when all of it is verified and stored. */
export async function downloadFile(page: Page, link: string): Promise<void> {
  await page.evaluate(async (pasted) => {
    await (globalThis as unknown as BenchWindow).tabswarm.download(pasted);
  }, link);
}

async function listen(page: Page): Promise<string> {
  return page.evaluate(() => (globalThis as unknown as BenchWindow).bench.listen());
}
