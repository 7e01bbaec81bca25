import type { CDPSession, Page } from 'playwright/test';

/*
 * What a tab costs: how many peer connections it has made, and how much memory it holds once everything that nobody
 * refers to any more has been collected.
 */
interface CountedWindow extends Window {
  peerConnectionsMade: number;
}

export interface Reading {
  /** Bytes of what scripts hold: objects, the DOM and WebRTC wrappers behind them, and buffers. */
  readonly memory: number;
  /** As the browser counts them in this page. */
  readonly nodes: number;
  readonly listeners: number;
}

export interface Gauge {
  read(): Promise<Reading>;
}

/** To be called before the page is opened. */
export async function countConnections(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const counted = globalThis as unknown as CountedWindow;
    counted.peerConnectionsMade = 0;
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        counted.peerConnectionsMade += 1;
      }
    };
  });
}

/** Since the page was loaded. */
export function connectionsMade(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as CountedWindow).peerConnectionsMade);
}

export async function gauge(page: Page): Promise<Gauge> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  return {
    async read() {
      await collect(session);
      // The protocol's description in Playwright is older than the two other numbers.
      const usage = (await session.send('Runtime.getHeapUsage')) as {
        usedSize: number;
        embedderHeapUsedSize?: number;
        backingStorageSize?: number;
      };
      const { metrics } = await session.send('Performance.getMetrics');
      const metric = (name: string): number => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
      return {
        memory: usage.usedSize + (usage.embedderHeapUsedSize ?? 0) + (usage.backingStorageSize ?? 0),
        nodes: metric('Nodes'),
        listeners: metric('JSEventListeners'),
      };
    },
  };
}

/** What one collection finalizes, such as a closed connection, can free more for the next. */
async function collect(session: CDPSession): Promise<void> {
  for (let round = 0; round < 3; round += 1) await session.send('HeapProfiler.collectGarbage');
}
