import type { Clock } from '@tabswarm/base';

/** A clock that stands still until it is turned. */
export interface ManualClock extends Clock {
  /** Moves time on by `ms`, running what falls due in order, and lets promises settle after each turn. */
  advance(ms: number): Promise<void>;
  /** How many timers are set. */
  pending(): number;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** `start` is in milliseconds since the Unix epoch. */
export function createManualClock(start = 1_700_000_000_000): ManualClock {
  let now = start;
  let order = 0;
  const timers = new Set<Timer>();

  const nextDue = (until: number): Timer | undefined => {
    let best: Timer | undefined;
    for (const timer of timers) {
      if (timer.at > until) continue;
      if (!best || timer.at < best.at || (timer.at === best.at && timer.order < best.order)) best = timer;
    }
    return best;
  };

  return {
    now: () => now,
    after(ms, run) {
      const timer: Timer = { at: now + Math.max(0, ms), order: (order += 1), run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        timers.delete(timer);
        now = timer.at;
        timer.run();
        await settle();
      }
      now = until;
    },
    pending: () => timers.size,
  };
}

/** Lets everything that only waits for promises (WebCrypto included) come to rest. */
async function settle(): Promise<void> {
  // WebCrypto answers from a thread pool, so microtasks alone are not enough: a few turns of the event loop are.
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise<void>((resolve) => setImmediateOrTimeout(resolve));
  }
}

function setImmediateOrTimeout(run: () => void): void {
  const channel = new MessageChannel();
  channel.port1.addEventListener('message', () => {
    channel.port1.close();
    run();
  });
  channel.port1.start();
  channel.port2.postMessage(undefined);
}
