import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import type { Port } from '../src/port.ts';
import { createSource } from '../src/source.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A source that has delivered so much a second for two seconds. */
async function sourceOf({ rate, rttMs }: { rate: number; rttMs: number }) {
  const clock = createManualClock();
  const source = createSource({ rttMs: () => rttMs } as Port, clock);
  for (let slot = 0; slot < 20; slot += 1) {
    source.meter.add(rate / 10);
    await clock.advance(100);
  }
  return source;
}

describe('what a source is asked for ahead', () => {
  it('[EX11] is a quarter of a second of what it delivers while somebody reads, and one second else', async () => {
    const source = await sourceOf({ rate: 2 * MIB, rttMs: 10 });
    expect(source.room(false) / MIB).toBeCloseTo(2, 0);
    expect(source.room(true) / MIB).toBeCloseTo(0.5, 1);
  });

  it('[EX11] covers four round trips to a source that is far away, and a block of one that is slow', async () => {
    expect((await sourceOf({ rate: 2 * MIB, rttMs: 250 })).room(true) / MIB).toBeCloseTo(2, 0);
    expect((await sourceOf({ rate: 100 * KIB, rttMs: 10 })).room(true)).toBe(256 * KIB);
  });
});
