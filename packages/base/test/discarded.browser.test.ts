import { expect, it } from 'vitest';
import { discarded } from '../src/index.ts';

const MIB = 1024 * 1024;
const BUFFER_BYTES = MIB / 4;
const COUNT = 800;
/** Chromium 156: 56 to 72 MiB, and 127 where nothing is done about it. */
const MAX_LYING_BYTES = 100 * MIB;

const SENDER = `
  onmessage = () => {
    const { buffer } = new Uint8Array(${BUFFER_BYTES}).fill(1);
    postMessage(buffer, [buffer]);
  };`;

it('of what comes from another thread and is discarded, little lies about', async () => {
  let collected = 0;
  let most = 0;
  const registry = new FinalizationRegistry<undefined>(() => {
    collected += 1;
  });
  const url = URL.createObjectURL(new Blob([SENDER]));
  const worker = new Worker(url);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's; a worker has none
  const ask = (): void => worker.postMessage(undefined);
  await new Promise<void>((resolve) => {
    let received = 0;
    worker.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
      received += 1;
      registry.register(data, undefined);
      discarded(data.byteLength);
      most = Math.max(most, received - collected);
      if (received === COUNT) resolve();
      // What is collected is told of in tasks of its own, which come after those that wait already.
      else setTimeout(ask);
    });
    ask();
  });
  worker.terminate();
  URL.revokeObjectURL(url);
  expect(most * BUFFER_BYTES).toBeLessThan(MAX_LYING_BYTES);
});
