import type { NodeId } from '@tabswarm/protocol/ids';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createPacer } from '../../src/upload/pacer.ts';

const PART = 64 * 1024;
const KIB = 1024;

function setUp(riders = '') {
  const clock = createManualClock();
  const pacer = createPacer(clock, (peer) => riders.includes(peer));
  const over = new AbortController();
  const sent = new Map<string, number>();
  const order: string[] = [];
  /** Takes blocks of that many parts, one after the other, until the end. */
  const take = async (name: string, parts: number): Promise<void> => {
    for (let left = parts; ; left = left === 1 ? parts : left - 1) {
      await pacer.take({ peer: name as NodeId, bytes: PART, left: left * PART }, over.signal);
      sent.set(name, (sent.get(name) ?? 0) + PART);
      order.push(name);
      // As a wire without a limit of its own would.
      await new Promise<void>((resolve) => clock.after(paced ? 5 : 50, resolve));
    }
  };
  let paced = false;
  return {
    clock,
    pacer,
    sent,
    order,
    limit(rate: number | undefined) {
      paced = rate !== undefined;
      pacer.setLimit(rate);
    },
    start: (name: string, parts = 4) => void take(name, parts).catch(() => undefined),
    stop: () => over.abort(new Error('enough')),
  };
}

describe('what is sent', () => {
  it('[UP6] is as much as the limit says, also when the limit is another', async () => {
    const { clock, sent, limit, start, stop } = setUp();
    limit(1_000 * KIB);
    start('a');
    await clock.advance(10_000);
    expect((sent.get('a') ?? 0) / (10_000 * KIB)).toBeCloseTo(1, 1);
    const before = sent.get('a') ?? 0;
    limit(100 * KIB);
    await clock.advance(10_000);
    expect(((sent.get('a') ?? 0) - before) / (1_000 * KIB)).toBeCloseTo(1, 1);
    stop();
  });

  it('[UP6] is one block after the other where that is quick, and a part for each every few seconds where it is not', async () => {
    const quick = setUp();
    quick.limit(1_000 * KIB);
    for (const name of 'abc') quick.start(name);
    await quick.clock.advance(1_000);
    expect(quick.order.slice(0, 12).join('')).toBe('aaaabbbbcccc');
    quick.stop();

    const slow = setUp();
    slow.limit(32 * KIB);
    slow.start('a', 100);
    slow.start('b', 100);
    await slow.clock.advance(60_000);
    expect(slow.order.join('')).not.toMatch(/aaaa|bbbb/);
    slow.stop();
  });

  it('[UP5] is not held up by a free rider that waits', async () => {
    const { clock, sent, limit, start, stop } = setUp('r');
    limit(undefined);
    start('f', 1);
    start('r');
    await clock.advance(1_000);
    sent.clear();
    limit(100 * KIB);
    await clock.advance(60_000);
    expect((sent.get('f') ?? 0) / (6_000 * KIB)).toBeGreaterThan(0.75);
    stop();
  });

  it.each([undefined, 1_000 * KIB])(
    '[UP5] is little to a peer that gives nothing while others are there (limit %s), and all where nobody else is',
    async (rate) => {
      const { clock, sent, limit, start, stop } = setUp('r');
      limit(rate);
      start('r');
      await clock.advance(1_000);
      expect(sent.get('r')).toBeGreaterThan(10 * PART);
      sent.clear();
      for (const name of 'abc') start(name);
      await clock.advance(20_000);
      const mean = ((sent.get('a') ?? 0) + (sent.get('b') ?? 0) + (sent.get('c') ?? 0)) / 3;
      expect((sent.get('r') ?? 0) / mean).toBeGreaterThan(0.05);
      expect((sent.get('r') ?? 0) / mean).toBeLessThan(0.2);
      stop();
    },
  );
});
