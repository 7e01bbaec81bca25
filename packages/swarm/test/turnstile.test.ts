import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createTurnstile } from '../src/turnstile.ts';

function setUp() {
  const clock = createManualClock();
  const over = new AbortController();
  const done: string[] = [];
  const turnstile = createTurnstile(clock, { perSecond: 2, burst: 3, signal: over.signal });
  const pass = (kind: string, what: string): void => turnstile.pass(kind, () => done.push(what));
  return { clock, over, done, pass };
}

describe('a turnstile', () => {
  it('[UP12] lets what comes slowly pass at once, each', async () => {
    const { clock, done, pass } = setUp();
    for (let i = 0; i < 20; i += 1) {
      pass('a', String(i));
      expect(done).toHaveLength(i + 1);
      await clock.advance(500);
    }
    expect(clock.pending()).toBe(0);
  });

  it('[UP12] of what comes too fast does the latest, in its turn', async () => {
    const { clock, done, pass } = setUp();
    for (let i = 0; i < 1_000; i += 1) pass('a', String(i));
    expect(done).toEqual(['0', '1', '2']);
    await clock.advance(500);
    expect(done).toEqual(['0', '1', '2', '999']);
    await clock.advance(60_000);
    expect(done).toHaveLength(4);
  });

  it('[UP12] has no kind wait for another that comes again and again', async () => {
    const { clock, done, pass } = setUp();
    for (let i = 0; i < 3; i += 1) pass('a', 'before');
    pass('a', 'a');
    pass('b', 'b');
    for (let tenth = 0; tenth < 100; tenth += 1) {
      pass('a', 'a');
      await clock.advance(100);
    }
    expect(done.slice(3, 5)).toEqual(['a', 'b']);
    // 3 at once, and 2 a second.
    expect(done.length).toBeLessThanOrEqual(3 + 20);
  });

  it('[UP12] does nothing any more when the link is over', async () => {
    const { clock, over, done, pass } = setUp();
    for (let i = 0; i < 5; i += 1) pass('a', 'before');
    over.abort();
    pass('b', 'after');
    await clock.advance(10_000);
    expect(done).toHaveLength(3);
    expect(clock.pending()).toBe(0);
  });
});
