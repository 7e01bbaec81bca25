import type { Page } from 'playwright/test';
import { MIB } from '../support/files.ts';
import { makeFilm, type Film } from '../support/film.ts';
import type { Share, Tab } from '../support/tab.ts';
import { expect, test, type Profile } from '../support/test.ts';

/** A film that is shown, with the address under which the player has it. */
async function show(tab: Tab, root: string): Promise<string> {
  await tab.row(root).getByTestId('preview-button').click();
  const player = tab.page.getByTestId('preview-video');
  await expect(player).toHaveJSProperty('readyState', 4);
  return (await player.getAttribute('src')) ?? '';
}

/** As a player asks; what came back, with the time that it took in milliseconds. */
async function ask(page: Page, url: string, range?: string) {
  return page.evaluate(
    async ([address, bytes]) => {
      const startedAt = performance.now();
      const answer = await fetch(address, bytes === '' ? {} : { headers: { Range: bytes } });
      const body = await answer.arrayBuffer();
      return {
        status: answer.status,
        length: body.byteLength,
        range: answer.headers.get('Content-Range'),
        first: [...new Uint8Array(body.slice(0, 4))],
        ms: performance.now() - startedAt,
      };
    },
    [url, range ?? ''] as const,
  );
}

/** The browser ends every service worker, as it does with those that have nothing to do. */
async function stopWorkers(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const stopped = new Promise<void>((resolve) => {
    session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      if (versions.some(({ runningStatus }) => runningStatus === 'stopped')) resolve();
    });
  });
  await session.send('ServiceWorker.enable');
  await session.send('ServiceWorker.stopAllWorkers');
  await stopped;
  await session.detach();
}

async function shareFilm(profile: Profile): Promise<{ tab: Tab; film: Film; share: Share }> {
  const tab = await profile.openTab();
  const film = await makeFilm(tab.page, 'film.webm', 8 * MIB);
  return { tab, film, share: await tab.share([film]) };
}

test.describe('the service worker', () => {
  test('answers parts of a file, also when the browser has stopped it', async ({ openProfile, faults }) => {
    faults.expect(/416/);
    const { tab, film, share } = await shareFilm(await openProfile());
    const url = await show(tab, share.root);
    const size = film.buffer.byteLength;
    expect(await ask(tab.page, url)).toMatchObject({ status: 200, length: size });
    await stopWorkers(tab.page);
    const middle = await ask(tab.page, url, `bytes=${size - 5_000_000}-${size - 4_000_001}`);
    expect(middle).toMatchObject({
      status: 206,
      length: 1_000_000,
      range: `bytes ${size - 5_000_000}-${size - 4_000_001}/${size}`,
      first: [...film.buffer.subarray(size - 5_000_000, size - 4_999_996)],
    });
    expect(await ask(tab.page, url, `bytes=${size}-`)).toMatchObject({ status: 416, length: 0 });
  });

  test('says that a file is gone with the tab that had it, and does not wait', async ({
    openProfile,
    faults,
  }) => {
    faults.expect(/404/);
    const profile = await openProfile();
    const { tab, share } = await shareFilm(profile);
    const other = await profile.openTab();
    const url = await show(tab, share.root);
    expect(await ask(other.page, url, 'bytes=0-9')).toMatchObject({ status: 206, length: 10 });
    await tab.close();
    const gone = await ask(other.page, url);
    expect(gone.status).toBe(404);
    expect(gone.ms).toBeLessThan(3_000);
    // What was shared is still there, under another address.
    await other.expectState(share.root, 'sharing');
    const again = await show(other, share.root);
    expect(again).not.toBe(url);
    expect(await ask(other.page, again, 'bytes=0-9')).toMatchObject({ status: 206 });
  });

  test('is there again after a reload, and after one past it', async ({ openProfile }) => {
    const { tab, share } = await shareFilm(await openProfile());
    await show(tab, share.root);
    await tab.page.reload();
    await tab.expectState(share.root, 'sharing');
    await show(tab, share.root);
    const session = await tab.page.context().newCDPSession(tab.page);
    await session.send('Page.reload', { ignoreCache: true });
    await tab.expectState(share.root, 'sharing');
    expect(await ask(tab.page, await show(tab, share.root), 'bytes=0-9')).toMatchObject({ status: 206 });
  });
});
