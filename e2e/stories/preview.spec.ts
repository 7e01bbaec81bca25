import { createHash } from 'node:crypto';
import type { Locator } from 'playwright/test';
import { MIB, type TestFile } from '../support/files.ts';
import { makeFilm } from '../support/film.ts';
import type { Tab } from '../support/tab.ts';
import { expect, test } from '../support/test.ts';

/** From the press of the button to a picture that moves. */
const STARTS_WITHIN_MS = 3_000;

async function openFile(tab: Tab, root: string, name: string): Promise<Locator> {
  await tab.row(root).locator(`[data-path="${name}"]`).getByTestId('preview-file-button').click();
  return tab.page.getByTestId('preview');
}

async function close(tab: Tab): Promise<void> {
  await tab.page.getByTestId('preview-close').click();
  await expect(tab.page.getByTestId('preview')).toHaveCount(0);
}

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
    await close(b);
    await b.expectState(share.root, 'complete');
    expect(await b.hashOf(share.root, film.name)).toBe(film.sha256);
  });

  test('of pictures, sound, PDF and text is of the file itself, from another tab', async ({ openTab }) => {
    const [a, b] = [await openTab(), await openTab()];
    const share = await a.share([
      file('dot.png', 'image/png', PNG),
      file('tone.wav', 'audio/wav', tone(2)),
      file('paper.pdf', 'application/pdf', PDF),
      file('notes.md', 'text/markdown', Buffer.from(`# Notes\n${'naïve 🦔\n'.repeat(40_000)}`)),
    ]);
    await b.download(share);
    await b.row(share.root).getByText('4 files').click();
    const open = (name: string) => openFile(b, share.root, name);

    const picture = (await open('dot.png')).getByTestId('preview-image');
    await expect
      .poll(() => picture.evaluate((image: HTMLImageElement) => [image.complete, image.naturalWidth]))
      .toEqual([true, 1]);
    await close(b);

    const sound = (await open('tone.wav')).getByTestId('preview-audio');
    await expect
      .poll(() => sound.evaluate((audio: HTMLAudioElement) => audio.currentTime))
      .toBeGreaterThan(0.1);
    expect(await sound.evaluate((audio: HTMLAudioElement) => audio.duration)).toBeCloseTo(2, 1);
    await close(b);

    const text = (await open('notes.md')).getByTestId('preview-text');
    await expect(text).toContainText('# Notes naïve 🦔');
    const shown = async (): Promise<number> => (await text.textContent())?.length ?? 0;
    const first = await shown();
    await b.page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(shown).toBeGreaterThan(first);
    expect(await text.textContent()).not.toContain('\uFFFD');
    await close(b);

    const [answer] = await Promise.all([
      b.page.waitForResponse((response) => response.url().endsWith('/paper.pdf')),
      open('paper.pdf'),
    ]);
    expect(answer.status()).toBe(200);
    expect(answer.headers()).toMatchObject({
      'content-type': 'application/pdf',
      'x-content-type-options': 'nosniff',
    });
    await close(b);
  });

  test('gives what strangers wrote no power over the page', async ({ openTab, faults }) => {
    // What is refused is said on the console.
    faults.expect(/sandboxed|Refused to|Content Security Policy|violates/);
    const [a, b] = [await openTab(), await openTab()];
    const share = await a.share([
      file('page.html', 'text/html', Buffer.from(HOSTILE_HTML)),
      file('drawing.svg', 'image/svg+xml', Buffer.from(HOSTILE_SVG)),
      file('film.webm', 'text/html', Buffer.from(HOSTILE_HTML)),
      file('unnamed', 'text/html', Buffer.from(HOSTILE_HTML)),
    ]);
    await b.download(share);
    await b.row(share.root).getByText('4 files').click();
    for (const name of ['page.html', 'drawing.svg']) {
      await expect((await openFile(b, share.root, name)).getByTestId('preview-text')).toContainText('script');
      await close(b);
    }
    const row = b.row(share.root).locator('[data-path="unnamed"]');
    await expect(row).toBeVisible();
    await expect(row.getByTestId('preview-file-button')).toHaveCount(0);

    const [asked, shown] = await Promise.all([
      b.page.waitForRequest((request) => request.url().endsWith('/film.webm')),
      openFile(b, share.root, 'film.webm'),
    ]);
    await expect(shown.getByRole('alert')).toContainText('cannot show this file');
    // The address of what is shown, opened as a page of its own: a film, whatever stands in it, and of no site.
    const stranger = await b.page.context().newPage();
    await stranger.goto(asked.url());
    expect(
      await stranger.evaluate(() => [document.contentType.split('/')[0], location.origin, window.origin]),
    ).toEqual(['video', new URL(share.link).origin, 'null']);
    expect(await stranger.evaluate(() => document.querySelector('script'))).toBeNull();
    await stranger.close();
    expect(await b.page.evaluate(() => [document.title, localStorage.getItem('taken')])).toEqual([
      'Tabswarm: send files from tab to tab',
      null,
    ]);
  });
});

const HOSTILE_SCRIPT = 'localStorage.setItem("taken", "1"); parent.document.title = "taken";';
const HOSTILE_HTML = `<!doctype html><title>x</title><script>${HOSTILE_SCRIPT}</script><p>hello`;
const HOSTILE_SVG = `<svg xmlns="http://www.w3.org/2000/svg"><script>${HOSTILE_SCRIPT}</script></svg>`;
/** One pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const PDF = Buffer.from(
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n',
);

function file(name: string, mimeType: string, buffer: Buffer): TestFile {
  return { name, mimeType, buffer, sha256: createHash('sha256').update(buffer).digest('hex') };
}

/** So many seconds of 440 Hz, as WAV. */
function tone(seconds: number): Buffer {
  const rate = 8_000;
  const samples = Buffer.alloc(seconds * rate * 2);
  for (let i = 0; i < seconds * rate; i += 1) {
    samples.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * 440 * i) / rate)), 2 * i);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
