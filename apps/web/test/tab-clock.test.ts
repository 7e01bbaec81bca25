import type { Clock } from '@tabswarm/base';
import { describe, expect, it } from 'vitest';
import { createTabClock } from '../src/tab-clock.ts';

/** A page's timers, which the test runs. */
interface OwnClock extends Clock {
  /** Time goes on, without any timer. */
  pass(ms: number): void;
  /** Runs the timers that are due. */
  run(): void;
  pending(): number;
}

interface Table {
  readonly own: OwnClock;
  readonly clock: ReturnType<typeof createTabClock>;
  setHidden(hidden: boolean): void;
  /** One beat of the worker, where there is one. */
  beat(): void;
  beating(): boolean;
}

function createOwnClock(): OwnClock {
  let now = 0;
  const timers = new Map<() => void, number>();
  return {
    now: () => now,
    after(ms, run) {
      const entry = (): void => run();
      timers.set(entry, now + ms);
      return () => void timers.delete(entry);
    },
    pass(ms) {
      now += ms;
    },
    run() {
      for (const [run, at] of timers) if (at <= now && timers.delete(run)) run();
    },
    pending: () => timers.size,
  };
}

function setTable(): Table {
  const own = createOwnClock();
  let hidden = false;
  let [onChange, onBeat]: [() => void, (() => void) | undefined] = [() => undefined, undefined];
  const clock = createTabClock({
    clock: own,
    page: {
      isHidden: () => hidden,
      onChange(listener) {
        onChange = listener;
      },
    },
    startBeat(listener) {
      onBeat = listener;
      return () => {
        onBeat = undefined;
      };
    },
  });
  return {
    own,
    clock,
    setHidden(now) {
      hidden = now;
      onChange();
    },
    beat: () => onBeat?.(),
    beating: () => onBeat !== undefined,
  };
}

describe('the clock of a tab', () => {
  it('is the page’s own while the page is seen', () => {
    const { own, clock, beating } = setTable();
    const ran: number[] = [];
    clock.after(1_000, () => ran.push(1));
    clock.after(500, () => ran.push(2))();
    own.pass(999);
    own.run();
    expect(ran).toEqual([]);
    own.pass(1);
    own.run();
    expect(ran).toEqual([1]);
    expect(beating()).toBe(false);
    expect(own.pending()).toBe(0);
  });

  it('runs what is due at a beat while the page is hidden, in its order, and once', () => {
    const { own, clock, setHidden, beat } = setTable();
    const ran: string[] = [];
    clock.after(1_000, () => ran.push('late'));
    setHidden(true);
    clock.after(300, () => ran.push('early'));
    clock.after(9_000, () => ran.push('later'));
    const cancel = clock.after(400, () => ran.push('called off'));
    own.pass(100);
    beat();
    expect(ran).toEqual([]);
    cancel();
    own.pass(900);
    beat();
    expect(ran).toEqual(['early', 'late']);
    // The page's own timers come when they may, and find it done.
    own.run();
    expect(ran).toEqual(['early', 'late']);
    setHidden(false);
    own.pass(9_000);
    own.run();
    expect(ran).toEqual(['early', 'late', 'later']);
  });

  it('beats only while the page is hidden', () => {
    const { setHidden, beating } = setTable();
    setHidden(true);
    setHidden(true);
    expect(beating()).toBe(true);
    setHidden(false);
    expect(beating()).toBe(false);
  });
});
