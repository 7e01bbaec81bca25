import type { NodeId } from '@tabswarm/protocol/ids';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import type { Port } from '../src/port.ts';
import { createUsefulness } from '../src/usefulness.ts';

function setUp() {
  const clock = createManualClock();
  let allowed: number | undefined;
  let found = 0;
  const port = { remote: 'a' as NodeId, allowed: () => allowed } as unknown as Port;
  const ports = new Map([[port.remote, port]]);
  const usefulness = createUsefulness({ ports, onVain: () => (found += 1), clock });
  usefulness.start(new AbortController());
  /** Seconds until it is of no use, a hundred at most. */
  const secondsUntilVain = async (): Promise<number> => {
    let seconds = 0;
    for (; seconds < 100 && !usefulness.isVain(port); seconds += 0.5) await clock.advance(500);
    return seconds;
  };
  const allow = (bytes: number | undefined): void => void (allowed = bytes);
  return { clock, port, ports, usefulness, secondsUntilVain, allow, found: () => found };
}

describe('a source', () => {
  it('[EX25] is of use until it was asked in vain for 10 s, and not before it is asked', async () => {
    const { port, usefulness, secondsUntilVain, found } = setUp();
    expect(await secondsUntilVain()).toBe(100);
    usefulness.onAsked(port);
    expect(await secondsUntilVain()).toBe(10);
    expect(found()).toBe(1);
    usefulness.onBytes(port);
    expect(usefulness.isVain(port)).toBe(false);
  });

  it('[EX25] has 30 s from its last bytes on where a block of it was right', async () => {
    const { clock, port, usefulness, secondsUntilVain } = setUp();
    usefulness.onAsked(port);
    usefulness.onRight(port);
    await clock.advance(20_000);
    usefulness.onBytes(port);
    expect(await secondsUntilVain()).toBe(30);
  });

  it('[EX25] owes nothing once it has answered, or is not asked any more, but does after a refusal', async () => {
    const { clock, port, usefulness, secondsUntilVain } = setUp();
    for (const how of ['answered', 'withdrawn'] as const) {
      usefulness.onAsked(port);
      await clock.advance(2_000);
      usefulness.onOver(port, how);
      expect(await secondsUntilVain()).toBe(100);
    }
    usefulness.onAsked(port);
    usefulness.onOver(port, 'vain');
    expect(await secondsUntilVain()).toBe(6);
  });

  it('[EX25] is not blamed for the time in which it may send nothing', async () => {
    const { clock, port, usefulness, secondsUntilVain, allow } = setUp();
    usefulness.onAsked(port);
    await clock.advance(4_000);
    allow(0);
    expect(await secondsUntilVain()).toBe(100);
    allow(65_536);
    expect(await secondsUntilVain()).toBe(6);
  });

  it('[EX25] is not blamed for a time in which it was not there', async () => {
    const { clock, port, ports, usefulness, secondsUntilVain } = setUp();
    usefulness.onAsked(port);
    await clock.advance(4_000);
    ports.clear();
    await clock.advance(60_000);
    ports.set(port.remote, port);
    expect(await secondsUntilVain()).toBe(6);
  });
});
