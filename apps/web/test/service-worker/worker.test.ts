import { describe, expect, it, vi } from 'vitest';
import type { Resource } from '../../src/resources/resources.ts';
import { BASE, createSite } from './world.ts';

const TEXT = 'abcdefghijklmnopqrstuvwxyz';

/** More than a message between two ports takes. */
const SOME_MS = 50;

/** Gives its bytes one at a time, and knows how many were taken and whether somebody left off. */
function letters({ use = 'preview', text = TEXT }: { use?: Resource['use']; text?: string } = {}) {
  const seen = { taken: 0, cancelled: false };
  const resource: Resource = {
    name: 'letters & more.webm',
    type: 'video/webm',
    length: text.length,
    use,
    open({ start, end }) {
      let at = start;
      return new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            if (at >= end) controller.close();
            else {
              controller.enqueue(new TextEncoder().encode(text[at]));
              seen.taken += 1;
              at += 1;
            }
          },
          cancel() {
            seen.cancelled = true;
          },
        },
        { highWaterMark: 0 },
      );
    },
  };
  return { resource, seen };
}

function cannotOpen(): never {
  throw new Error('not to be opened');
}

describe('a resource of a page', () => {
  it('[PV7] is had under its URL, whole and in parts, from whichever page has it', async () => {
    const site = createSite();
    const [first, second] = [site.openPage(), site.openPage()];
    const { url } = await second.resources.publish(letters().resource);
    const other = await first.resources.publish(letters({ text: 'other' }).resource);
    expect(url).toMatch(/^https:\/\/tabs\.example\/app\/files\/[0-9a-f]{32}\/letters%20%26%20more\.webm$/);
    expect(await (await site.fetch(url))?.text()).toBe(TEXT);
    expect(await (await site.fetch(other.url))?.text()).toBe('other');
    const part = await site.fetch(url, { headers: { Range: 'bytes=3-6' } });
    expect(part?.status).toBe(206);
    expect(await part?.text()).toBe('defg');
    expect((await site.fetch(url, { headers: { Range: 'bytes=99-' } }))?.status).toBe(416);
    const head = await site.fetch(url, { method: 'HEAD' });
    expect(head?.headers.get('Content-Length')).toBe('26');
    expect(head?.body).toBeNull();
    expect((await site.fetch(url, { method: 'POST' }))?.status).toBe(405);
  });

  it('[PV7] is no business of the worker where it is anything else', () => {
    const site = createSite();
    for (const path of ['', 'index.html', 'assets/files/x', '../files/x', 'config.json']) {
      expect(site.fetch(new URL(path, BASE).href)).toBeUndefined();
    }
  });

  it('[PV7] outlives a worker that the browser has stopped', async () => {
    const site = createSite();
    const page = site.openPage();
    const { url } = await page.resources.publish(letters().resource);
    await (await site.fetch(url))?.text();
    site.stopWorker();
    expect(await (await site.fetch(url))?.text()).toBe(TEXT);
  });

  it('[PV8] is read no faster than it is taken, and left when nobody takes any more', async () => {
    const site = createSite();
    const page = site.openPage();
    const { resource, seen } = letters();
    const { url } = await page.resources.publish(resource);
    const reader = (await site.fetch(url))?.body?.getReader();
    await reader?.read();
    await reader?.read();
    await page.clock.advance(0);
    expect(seen.taken).toBeLessThanOrEqual(4);
    await reader?.cancel();
    await expect.poll(() => seen.cancelled).toBe(true);
  });

  it('[PV8] keeps the worker awake while it is read, and is left where the worker was stopped all the same', async () => {
    const site = createSite();
    const page = site.openPage();
    const { resource, seen } = letters();
    const { url } = await page.resources.publish(resource);
    const answer = await site.fetch(url);
    await answer?.body?.getReader().read();
    await page.clock.advance(25_000);
    await expect.poll(() => site.told.length).toBe(2);
    expect(site.told[0]).toEqual({ type: 'stay' });
    expect(seen.cancelled).toBe(false);
    site.stopWorker();
    await page.clock.advance(25_000);
    await expect.poll(() => seen.cancelled).toBe(true);
  });

  it('[PV9] that is gone is answered at once with 404', async () => {
    const site = createSite();
    const page = site.openPage();
    site.openPage();
    const { url, close } = await page.resources.publish(letters().resource);
    close();
    const answer = await site.fetch(url);
    expect(answer?.status).toBe(404);
    expect(await answer?.text()).toMatch(/gone|closed/);
    expect(answer?.headers.get('Content-Security-Policy')).toMatch(/^sandbox;/);
    const late = await page.resources.publish(letters().resource);
    page.close();
    expect((await site.fetch(late.url))?.status).toBe(404);
  });

  it('[PV9] of a page that does nothing is answered with 504', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const site = createSite();
      const page = site.openPage();
      site.openPage();
      const { url } = await page.resources.publish(letters().resource);
      page.freeze();
      const answer = site.fetch(url);
      await vi.advanceTimersByTimeAsync(5_000);
      expect((await answer)?.status).toBe(504);
    } finally {
      vi.useRealTimers();
    }
  });

  it('[PV9] that ends in the middle is no whole file: closed, failed, or its page gone', async () => {
    const site = createSite();
    const page = site.openPage();
    const { resource, seen } = letters();
    const closed = await page.resources.publish(resource);
    const reader = (await site.fetch(closed.url))?.body?.getReader();
    await reader?.read();
    closed.close();
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow(TypeError);
    await expect.poll(() => seen.cancelled).toBe(true);

    const failing = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error('no more')) });
    const failed = await page.resources.publish({ ...resource, open: () => failing });
    await expect((await site.fetch(failed.url))?.text()).rejects.toThrow(TypeError);

    const unopened = await page.resources.publish({ ...resource, open: cannotOpen });
    await expect((await site.fetch(unopened.url))?.text()).rejects.toThrow(TypeError);

    const silent = await page.resources.publish({ ...resource, open: () => new ReadableStream() });
    const text = (await site.fetch(silent.url))?.text();
    page.close();
    await expect(text).rejects.toThrow(TypeError);
  });

  it('[PV9] breaks off also while whoever takes it pauses, and not when it has ended before', async () => {
    const site = createSite();
    const page = site.openPage();
    const { resource, seen } = letters();
    const closed = await page.resources.publish(resource);
    const reader = (await site.fetch(closed.url))?.body?.getReader();
    await reader?.read();
    // The next piece lies ready in the worker, which asks for no more before that is taken.
    await expect.poll(() => seen.taken).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, SOME_MS));
    closed.close();
    await expect(reader?.closed).rejects.toThrow(TypeError);

    const whole = await page.resources.publish(letters().resource);
    const answer = await site.fetch(whole.url);
    expect(await answer?.text()).toBe(TEXT);
    whole.close();
  });
});
