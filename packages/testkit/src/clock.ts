import type { Clock } from '@tabswarm/base';
import { isCryptoWorking } from './crypto-work.ts';

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
  // From here on crypto work is counted.
  isCryptoWorking();
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

/** Turns of the event loop, one after another without crypto work, after which everything has come to rest. */
const QUIET_TURNS = 3;

/** Lets everything that only waits for promises, WebCrypto's included, come to rest. */
async function settle(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
    await new Promise<void>((resolve) => setImmediateOrTimeout(resolve));
    if (isCryptoWorking()) quiet = -1;
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
