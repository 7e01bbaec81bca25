import type { Page } from 'playwright';

interface FileWindow extends Window {
  benchFile: File;
}

/** Puts a file of random bytes into the page, as `benchFile`: no two blocks of it are alike. */
export async function makeRandomFile(page: Page, bytes: number): Promise<void> {
  await page.evaluate((total) => {
    const chunk = 64 * 1024;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let made = 0; made < total; made += chunk) {
      parts.push(crypto.getRandomValues(new Uint8Array(Math.min(chunk, total - made))));
    }
    (globalThis as unknown as FileWindow).benchFile = new File(parts, 'bench.bin');
  }, bytes);
}
