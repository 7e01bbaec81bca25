import { axeViolations } from '../support/axe.ts';
import { MIB, testFile } from '../support/files.ts';
import type { SurfaceWindow } from '../support/surface.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

const LIMIT_KB = 500;
const LIMIT_BYTES = LIMIT_KB * 1_000;
const KEPT_WITHIN_MS = 3_000;
/** Long enough that 64 KiB more or less are a few per cent. */
const WINDOW_MS = 8_000;

async function limit({ page }: Tab, which: 'limit-up' | 'limit-down', text: string): Promise<void> {
  await page.getByTestId(which).fill(text);
  await page.getByTestId(which).press('Enter');
}

interface Reading {
  readonly ms: number;
  readonly bytes: number;
}

/** What a tab has received on its links, read every 250 ms for so long. */
async function watchReceived({ page }: Tab, forMs: number): Promise<readonly Reading[]> {
  return page.evaluate(async (length) => {
    const { tabswarm } = globalThis as unknown as SurfaceWindow;
    const startedAt = performance.now();
    const readings: Reading[] = [];
    for (;;) {
      const ms = performance.now() - startedAt;
      readings.push({
        ms,
        bytes: tabswarm.status().peers.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0),
      });
      if (ms >= length) return readings;
      await new Promise((resolve) => {
        setTimeout(resolve, 250);
      });
    }
  }, forMs);
}

/** Bytes per second from that time on. */
function rateFrom(fromMs: number, readings: readonly Reading[]): number {
  const within = readings.filter(({ ms }) => ms >= fromMs);
  const [first, last] = [within[0], within.at(-1)];
  return first && last ? ((last.bytes - first.bytes) * 1_000) / (last.ms - first.ms) : 0;
}

for (const which of ['limit-up', 'limit-down'] as const) {
  test(`a ${which} set in the middle of a transfer is kept within three seconds`, async ({ openTab }) => {
    const [a, b] = [await openTab(), await openTab()];
    const file = testFile('in no hurry.bin', 40 * MIB);
    const share = await a.share([file]);
    await limit(which === 'limit-up' ? a : b, which, '4000');
    await b.paste(share.link);
    await b.expectProgress(share.root, 0.1);
    expect(rateFrom(0, await watchReceived(b, 2_000))).toBeGreaterThan(2 * LIMIT_BYTES);
    await limit(which === 'limit-up' ? a : b, which, String(LIMIT_KB));
    const rate = rateFrom(KEPT_WITHIN_MS, await watchReceived(b, KEPT_WITHIN_MS + WINDOW_MS));
    expect(rate).toBeGreaterThan(0.85 * LIMIT_BYTES);
    expect(rate).toBeLessThan(1.12 * LIMIT_BYTES);
    // Lifted, it goes on at full speed.
    await limit(which === 'limit-up' ? a : b, which, '');
    await b.expectState(share.root, 'complete');
    expect(await b.save(share.root)).toMatchObject({ sha256: file.sha256 });
  });
}

test('limits are kept over a reload and known to the other tab of a person', async ({ openProfile }) => {
  const profile = await openProfile();
  const [one, other] = [await profile.openTab(), await profile.openTab()];
  await limit(one, 'limit-up', '2 MB/s');
  await limit(one, 'limit-down', '62.5');
  for (const { page } of [one, other]) {
    await expect(page.getByTestId('limit-up')).toHaveValue('2000');
    await expect(page.getByTestId('limit-down')).toHaveValue('62.5');
  }
  await one.page.reload();
  await expect(one.page.getByTestId('limit-up')).toHaveValue('2000');
  const asked = await one.page.evaluate(() => (globalThis as unknown as SurfaceWindow).tabswarm.limits());
  expect(asked).toEqual({ up: 2_000_000, down: 62_500 });
  await limit(one, 'limit-up', '');
  await expect(other.page.getByTestId('limit-up')).toHaveValue('');
});

test('what is no limit is answered, and nothing changes', async ({ openTab }) => {
  const { page } = await openTab();
  await page.getByTestId('limit-up').fill('100');
  await page.getByTestId('limit-up').press('Enter');
  for (const [text, answer] of [
    ['as fast as you can', /Write a number/],
    ['3', /too slow/],
  ] as const) {
    await page.getByTestId('limit-up').fill(text);
    await page.getByTestId('limit-up').press('Enter');
    await expect(page.getByTestId('limit-up-error')).toHaveText(answer);
    await expect(page.getByTestId('limit-up')).toHaveAttribute('aria-invalid', 'true');
  }
  expect(await axeViolations(page), 'a limit that is none').toEqual([]);
  await page.reload();
  await expect(page.getByTestId('limit-up')).toHaveValue('100');
});
