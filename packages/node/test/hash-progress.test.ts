import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createHashProgress } from '../src/vault/hash-progress.ts';
import { createJobs } from '../src/vault/jobs.ts';
import type { HashProgress } from '../src/vault.ts';

const TOTAL = 100;
const INTERVAL_MS = 50;

function setUp() {
  const clock = createManualClock();
  const told: number[] = [];
  const progress = createHashProgress(clock, TOTAL, ({ bytesDone }) => told.push(bytesDone));
  return { clock, told, progress };
}

describe('how far it is', () => {
  it('is told at intervals, and of the last bytes as well where a slow disk lets none follow', async () => {
    const { clock, told, progress } = setUp();
    for (let block = 0; block < 3; block += 1) progress.add(10);
    expect(told).toEqual([10]);
    await clock.advance(INTERVAL_MS - 1);
    expect(told).toEqual([10]);
    await clock.advance(1);
    expect(told).toEqual([10, 30]);
    await clock.advance(60_000);
    expect(told).toEqual([10, 30]);
  });

  it('is told at once when it is held up or done, and nothing after that', async () => {
    const { clock, told, progress } = setUp();
    progress.add(10);
    progress.add(10);
    progress.heldUp('asked');
    expect(told).toEqual([10, 20]);
    progress.heldUp(undefined);
    progress.add(TOTAL - 20);
    expect(told).toEqual([10, 20, 20, TOTAL]);
    await clock.advance(60_000);
    expect(told).toEqual([10, 20, 20, TOTAL]);
  });

  it('is not told of work that has ended', async () => {
    const clock = createManualClock();
    const told: number[] = [];
    const onProgress = ({ bytesDone }: HashProgress): void => void told.push(bytesDone);
    await createJobs(clock).run({ name: 'mine', bytesTotal: TOTAL, onProgress }, ({ onBytes }) => {
      onBytes(10);
      onBytes(10);
      return Promise.resolve();
    });
    await clock.advance(60_000);
    expect(told).toEqual([10]);
  });

  it('is not told after it was stopped, whatever is still added', async () => {
    const { clock, told, progress } = setUp();
    progress.add(10);
    progress.stop();
    progress.add(10);
    progress.heldUp('no-room');
    await clock.advance(60_000);
    progress.add(TOTAL);
    expect(told).toEqual([10]);
  });
});
