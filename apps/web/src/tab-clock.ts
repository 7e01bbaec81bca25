import type { Clock } from '@tabswarm/base';

/*
 * The timers of a hidden page run at most once a second, and where it has no link once a minute
 * (https://developer.chrome.com/blog/timer-throttling-in-chrome-88). Those of a worker do not: while the page is hidden,
 * a worker gives the beat, and what is due runs at each. While it is seen, it costs nothing.
 */

export interface Page {
  isHidden(): boolean;
  /** Called when it is hidden or shown. */
  onChange(listener: () => void): void;
}

/** Calls `onBeat` several times a second, also where the page is hidden, until the function that it returns is called. */
export type StartBeat = (onBeat: () => void) => () => void;

interface Timer {
  readonly at: number;
  readonly run: () => void;
  cancel: () => void;
}

/** `clock` is the page's own. */
export function createTabClock({
  clock,
  page,
  startBeat,
}: {
  readonly clock: Clock;
  readonly page: Page;
  readonly startBeat: StartBeat;
}): Clock {
  const timers = new Set<Timer>();
  let stopBeat: (() => void) | undefined;

  /** Whoever comes first, the page's timer or the beat, runs it. */
  const fire = (timer: Timer): void => {
    if (!timers.delete(timer)) return;
    timer.cancel();
    timer.run();
  };

  const onBeat = (): void => {
    const now = clock.now();
    const due = [...timers].filter(({ at }) => at <= now);
    for (const timer of due.toSorted((a, b) => a.at - b.at)) fire(timer);
  };

  const follow = (): void => {
    if (page.isHidden()) stopBeat ??= startBeat(onBeat);
    else {
      stopBeat?.();
      stopBeat = undefined;
    }
  };

  page.onChange(follow);
  follow();

  return {
    now: () => clock.now(),
    after(ms, run) {
      const timer: Timer = { at: clock.now() + ms, run, cancel: () => undefined };
      timers.add(timer);
      timer.cancel = clock.after(ms, () => fire(timer));
      return () => {
        timers.delete(timer);
        timer.cancel();
      };
    },
  };
}

/** The page itself, in a browser. */
export const documentPage: Page = {
  isHidden: () => document.visibilityState === 'hidden',
  onChange: (listener) => document.addEventListener('visibilitychange', listener),
};

/** The beat of a worker, which lives as long as it is wanted. */
export const startWorkerBeat: StartBeat = (onBeat) => {
  const worker = new Worker(new URL('./beat.worker.ts', import.meta.url), { type: 'module', name: 'beat' });
  worker.addEventListener('message', onBeat);
  return () => worker.terminate();
};
