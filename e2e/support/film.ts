import { createHash } from 'node:crypto';
import type { Page } from 'playwright/test';
import type { TestFile } from './files.ts';
import { webm, type Frame } from './webm.ts';

const PICTURE = { width: 320, height: 180, codec: 'V_VP8' } as const;
const FRAMES_PER_SECOND = 25;
const SECOND_MS = 1_000;

export interface Film extends TestFile {
  readonly seconds: number;
}

/**
 * A film of at least so many bytes that one can seek in: noise, red in the first half and blue in the second. The page
 * encodes one second of each, and all others are the same as these.
 */
export async function makeFilm(page: Page, name: string, bytes: number): Promise<Film> {
  const [red, blue] = [await encodeSecond(page, 0), await encodeSecond(page, 2)];
  const pair = [...red, ...blue].reduce((sum, { data }) => sum + data.length, 0);
  const half = Math.ceil(bytes / pair);
  const frames = Array.from({ length: 2 * half }, (_, second) =>
    (second < half ? red : blue).map(({ data, at, key }) => ({ data, key, at: at + second * SECOND_MS })),
  ).flat();
  const buffer = webm(frames, PICTURE, 2 * half * SECOND_MS);
  const sha256 = createHash('sha256').update(buffer).digest('hex');
  return { name, mimeType: 'video/webm', buffer, sha256, seconds: 2 * half };
}

/** A key frame, and what follows from it. `channel` is the brighter one: 0 for red, 2 for blue. */
async function encodeSecond(page: Page, channel: number): Promise<Frame[]> {
  const encoded = await page.evaluate(
    async ({ width, height, count, bright }) => {
      const chunks: { base64: string; at: number; key: boolean }[] = [];
      const encoder = new VideoEncoder({
        error: (cause) => {
          throw cause;
        },
        output(chunk) {
          const data = new Uint8Array(chunk.byteLength);
          chunk.copyTo(data);
          const binary = Array.from(data, (byte) => String.fromCharCode(byte)).join('');
          chunks.push({ base64: btoa(binary), at: chunk.timestamp / 1_000, key: chunk.type === 'key' });
        },
      });
      encoder.configure({ codec: 'vp8', width, height, bitrate: 6_000_000, framerate: count });
      let state = 1 + bright;
      for (let number = 0; number < count; number += 1) {
        const pixels = new Uint8Array(width * height * 4);
        for (let i = 0; i < pixels.length; i += 1) {
          state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
          const noise = (state >> 16) & 63;
          pixels[i] = i % 4 === bright ? 160 + noise : noise;
        }
        const timestamp = (number * 1_000_000) / count;
        const frame = new VideoFrame(pixels, {
          format: 'RGBX',
          codedWidth: width,
          codedHeight: height,
          timestamp,
        });
        encoder.encode(frame, { keyFrame: number === 0 });
        frame.close();
      }
      await encoder.flush();
      encoder.close();
      return chunks;
    },
    { width: PICTURE.width, height: PICTURE.height, count: FRAMES_PER_SECOND, bright: channel },
  );
  return encoded.map(({ base64, at, key }) => ({ data: Buffer.from(base64, 'base64'), at, key }));
}
