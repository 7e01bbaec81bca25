import type { Page } from 'playwright';
import type { SurfaceWindow } from './surface.ts';

/** How long it took one tab to give a file to several others that help each other, and what that cost. */
export interface SwarmFigures {
  /** From the first link pasted to the last one done, over F / U: the file's bytes over what the first may send in a second. */
  readonly lastDone: number;
  /** Bytes that the first had sent when the first of the others was done, over F. */
  readonly sentAtSecondCopy: number;
  /** Bytes that the others received beside the file itself, with headers and messages, over those of the file. */
  readonly beside: number;
}

export interface SwarmedFile {
  readonly link: string;
  readonly bytes: number;
}

/** `limit` is what the seeder may send, in bytes per second. All pages must be linked to one another. */
export async function fetchTogether(
  seeder: Page,
  leechers: readonly Page[],
  { link, bytes }: SwarmedFile,
  limit: number,
): Promise<SwarmFigures> {
  await seeder.evaluate(async (up) => {
    await (globalThis as unknown as SurfaceWindow).tabswarm.limits({ up });
  }, limit);
  const before = await Promise.all(leechers.map((page) => carried(page)));
  const { sent } = await carried(seeder);
  const startedAt = performance.now();
  const downloads = leechers.map((page) =>
    page.evaluate(async (pasted) => {
      await (globalThis as unknown as SurfaceWindow).tabswarm.download(pasted);
    }, link),
  );
  await Promise.race(downloads);
  const sentAtSecondCopy = ((await carried(seeder)).sent - sent) / bytes;
  await Promise.all(downloads);
  const lastDone = (performance.now() - startedAt) / 1_000 / (bytes / limit);
  const after = await Promise.all(leechers.map((page) => carried(page)));
  const received = after.reduce((sum, one, i) => sum + one.received - (before[i]?.received ?? 0), 0);
  return { lastDone, sentAtSecondCopy, beside: received / (leechers.length * bytes) - 1 };
}

/** Bytes on a tab's links, messages included. */
async function carried(page: Page): Promise<{ sent: number; received: number }> {
  return page.evaluate(() => {
    const { peers } = (globalThis as unknown as SurfaceWindow).tabswarm.status();
    return {
      sent: peers.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
      received: peers.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0),
    };
  });
}
