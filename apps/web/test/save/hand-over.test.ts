import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { handOver } from '../../src/save/hand-over.ts';
import { createSite } from '../service-worker/world.ts';
import { textSource } from './sources.ts';

/** More than a message between two ports takes. */
const SOME_MS = 50;

/** A file that the browser downloads through the service worker, and has paused with its last bytes not yet taken. */
async function pausedDownload() {
  const site = createSite();
  const page = site.openPage();
  const over = new AbortController();
  const outcome = { state: 'saving' };
  let url = '';
  const downloads = {
    fromAddress(address: string) {
      url = address;
      return () => undefined;
    },
    fromBlob: () => undefined,
  };
  const parts = { resources: page.resources, downloads, clock: createManualClock() };
  const done = handOver(parts, textSource('a.txt', 'one'), { signal: over.signal, onBytes: () => undefined });
  done.then(
    () => (outcome.state = 'saved'),
    () => (outcome.state = 'failed'),
  );
  await expect.poll(() => url).not.toBe('');
  const answer = await site.fetch(url);
  await new Promise((resolve) => setTimeout(resolve, SOME_MS));
  return { answer, outcome, over };
}

describe('a file handed to the browser’s downloads', () => {
  it('[SV9] is not saved while its last bytes wait in the service worker', async () => {
    const { answer, outcome } = await pausedDownload();
    expect(outcome.state).toBe('saving');
    expect(await answer?.text()).toBe('one');
    await expect.poll(() => outcome.state).toBe('saved');
  });

  it('[SV3] breaks off where it is cancelled in the page while the browser pauses', async () => {
    const { answer, outcome, over } = await pausedDownload();
    over.abort(new DOMException('cancelled', 'AbortError'));
    await expect(answer?.text()).rejects.toThrow(TypeError);
    expect(outcome.state).toBe('failed');
  });
});
