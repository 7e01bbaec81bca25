import type { Page } from 'playwright/test';

/** A disk from which the files that a page's workers read come only when they are let. */
export interface SlowFiles {
  /** So many more reads are answered, those that wait first. */
  allow(reads: number): Promise<void>;
}

interface SlowWorker {
  slowFiles: { allowed: number; readonly waiting: (() => void)[] };
}

/** Slows down those workers that the page has by now. */
export async function slowFiles(page: Page): Promise<SlowFiles> {
  await Promise.all(
    page.workers().map((worker) =>
      worker.evaluate(() => {
        const slow: SlowWorker['slowFiles'] = { allowed: 0, waiting: [] };
        (globalThis as unknown as SlowWorker).slowFiles = slow;
        const { prototype } = Blob;
        const { value: read } = Object.getOwnPropertyDescriptor(prototype, 'arrayBuffer') as {
          value: Blob['arrayBuffer'];
        };
        prototype.arrayBuffer = async function arrayBuffer(this: Blob) {
          if (slow.allowed > 0) slow.allowed -= 1;
          else await new Promise<void>((resolve) => slow.waiting.push(resolve));
          return read.call(this);
        };
      }),
    ),
  );
  return {
    async allow(reads) {
      await Promise.all(
        page.workers().map((worker) =>
          worker.evaluate((count) => {
            const { slowFiles: slow } = globalThis as unknown as SlowWorker;
            const woken = slow.waiting.splice(0, count);
            slow.allowed += count - woken.length;
            for (const wake of woken) wake();
          }, reads),
        ),
      );
    },
  };
}
