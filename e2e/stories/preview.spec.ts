import type { Locator } from 'playwright/test';
import { MIB } from '../support/files.ts';
import { makeFilm } from '../support/film.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

/** From the press of the button to a picture that moves. */
const STARTS_WITHIN_MS = 3_000;

/** Opens the preview of the only file of a share. */
async function preview(tab: Tab, root: string): Promise<Locator> {
  await tab.row(root).getByTestId('preview-button').click();
  return tab.page.getByTestId('preview');
}

/** Resolves when the player has moved past that second. */
async function playedPast(tab: Tab, second: number, timeout = 20_000): Promise<void> {
  await tab.page.waitForFunction(
    (least) => {
      const video = document.querySelector('video');
      return video !== null && !video.seeking && video.currentTime > least;
    },
    second,
    { timeout },
  );
}

/** The colour of the picture that is shown. */
async function colour(tab: Tab): Promise<'red' | 'blue'> {
  return tab.page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1, 1];
    const context = canvas.getContext('2d');
    context?.drawImage(document.querySelector('video') as HTMLVideoElement, 0, 0, 1, 1);
    const [red = 0, , blue = 0] = context?.getImageData(0, 0, 1, 1).data ?? [];
    return red > blue ? 'red' : 'blue';
  });
}

test.describe('a preview', () => {
  test('of a film starts within 3 s and a tenth of it, and seeks to the middle', async ({ openProfile }) => {
    const { tab: a, tap: sender } = await (await openProfile()).openTappedTab();
    const film = await makeFilm(a.page, 'Summer in the mountains.webm', 40 * MIB);
    const size = film.buffer.byteLength;
    const share = await a.share([film]);
    await sender.slowBulk(1 * MIB);
    const { tab: b, tap } = await (await openProfile()).openTappedTab();
    await b.paste(share.link);

    await expect(b.row(share.root).getByTestId('preview-button')).toBeVisible();
    const pressedAt = performance.now();
    await preview(b, share.root);
    await playedPast(b, 0, STARTS_WITHIN_MS);
    expect(performance.now() - pressedAt).toBeLessThan(STARTS_WITHIN_MS);
    expect(await tap.bulkReceived()).toBeLessThan(size / 10);
    expect(await colour(b)).toBe('red');
    await b.expectState(share.root, 'fetching');

    const middle = film.seconds / 2 + 1;
    const duration = await b.page.evaluate((second) => {
      const video = document.querySelector('video') as HTMLVideoElement;
      video.currentTime = second;
      return video.duration;
    }, middle);
    expect(duration).toBeCloseTo(film.seconds, 0);
    await playedPast(b, middle);
    expect(await colour(b)).toBe('blue');
    // Far less than what lies before the middle.
    expect(await tap.bulkReceived()).toBeLessThan(size / 3);
    await b.expectState(share.root, 'fetching');

    await sender.releaseBulk();
    await b.page.getByTestId('preview-close').click();
    await expect(b.page.getByTestId('preview')).toHaveCount(0);
    await b.expectState(share.root, 'complete');
    expect(await b.hashOf(share.root, film.name)).toBe(film.sha256);
  });
});
