import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import type { Port } from '../src/port.ts';
import { createSource, type Source } from '../src/source.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** A source that has delivered so much a second for two seconds. */
async function sourceOf({ rate, rttMs = 10 }: { rate: number; rttMs?: number }) {
  const clock = createManualClock();
  const source = createSource({ rttMs: () => rttMs } as Port, clock);
  for (let slot = 0; slot < 20; slot += 1) {
    source.meter.add(rate / 10);
    await clock.advance(100);
  }
  return source;
}

/** Asks it for so many blocks. */
function ask(source: Source, count: number, length: number): void {
  for (let index = 0; index < count; index += 1) {
    source.inFlight.set(index, { cancel: new AbortController(), length, askedAt: 0, received: 0 });
    source.outstanding += length;
  }
}

describe('when a source is asked again', () => {
  it.each([
    ['nothing is in flight', 0, 16 * KIB, true],
    ['less than a quarter of what it may be asked ahead has come', 13, 256 * KIB, false],
    ['a quarter of it has come', 12, 256 * KIB, true],
    ['less than a quarter of the questions are free', 49, 16 * KIB, false],
    ['a quarter of them are free', 48, 16 * KIB, true],
    ['a block is larger than all that it may be asked ahead', 1, 8 * MIB, false],
  ])('[EX29] %s', async (_, count, length, isDue) => {
    const source = await sourceOf({ rate: 20 * MIB });
    expect(source.room(false)).toBe(4 * MIB);
    ask(source, count, length);
    expect(source.isDue(false)).toBe(isDue);
  });

  it('[EX29] it fell silent, and nothing is in flight', async () => {
    const source = await sourceOf({ rate: 2 * MIB });
    source.snubbed = true;
    expect(source.isDue(false)).toBe(true);
    ask(source, 1, 16 * KIB);
    expect(source.isDue(false)).toBe(false);
  });
});

describe('what a source is asked for ahead', () => {
  it('[EX11] is a quarter of a second of what it delivers while somebody reads, and one second else', async () => {
    const source = await sourceOf({ rate: 2 * MIB, rttMs: 10 });
    expect(source.room(false) / MIB).toBeCloseTo(2, 0);
    expect(source.room(true) / MIB).toBeCloseTo(0.5, 1);
  });

  it('[EX11] covers four round trips to a source that is far away, and 256 KiB of one that is slow', async () => {
    expect((await sourceOf({ rate: 2 * MIB, rttMs: 250 })).room(true) / MIB).toBeCloseTo(2, 0);
    expect((await sourceOf({ rate: 100 * KIB, rttMs: 10 })).room(true)).toBe(256 * KIB);
  });
});
