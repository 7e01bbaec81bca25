import { expect, it } from 'vitest';
import { discarded } from '../src/index.ts';

const MIB = 1024 * 1024;
const BUFFER_BYTES = MIB / 4;
/** More than may lie about, and less than what a browser collects by itself. */
const COUNT = 80;

const SENDER = `
  for (let i = 0; i < ${COUNT}; i += 1) {
    const { buffer } = new Uint8Array(${BUFFER_BYTES}).fill(1);
    postMessage(buffer, [buffer]);
  }`;

it('what is discarded is collected, though it came from another thread', async () => {
  let collected = 0;
  const registry = new FinalizationRegistry<undefined>(() => {
    collected += 1;
  });
  const url = URL.createObjectURL(new Blob([SENDER]));
  const worker = new Worker(url);
  await new Promise<void>((resolve) => {
    let left = COUNT;
    worker.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
      registry.register(data, undefined);
      discarded(data.byteLength);
      left -= 1;
      if (left === 0) resolve();
    });
  });
  await expect.poll(() => collected).toBeGreaterThanOrEqual(COUNT / 2);
  worker.terminate();
  URL.revokeObjectURL(url);
});
