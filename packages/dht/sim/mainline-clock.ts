import type { Random } from '@tabswarm/base';
import type { SimulationClock } from './clock.ts';

/*
 * bittorrent-dht takes neither a clock nor randomness, so a simulation of it has to put its own in the place of the
 * globals. That is for a process of its own, which runs nothing else. `process.nextTick` may stay what it is: what it
 * defers has run before the virtual clock goes on.
 */

interface Handle {
  cancel: () => void;
  /** Nothing keeps a simulation waiting. */
  unref(): void;
}

/** From now on all timers of this process are the clock's, and all its chances those of `random`. */
export function takeOverTime(clock: SimulationClock, random: Random): void {
  const globals = {
    setTimeout(run: () => void, ms = 0) {
      const timer = handle();
      timer.cancel = clock.after(ms, run);
      return timer;
    },
    setInterval(run: () => void, ms = 0) {
      const timer = handle();
      const again = (): void => {
        timer.cancel = clock.after(ms, again);
        run();
      };
      timer.cancel = clock.after(ms, again);
      return timer;
    },
    clearTimeout: clear,
    clearInterval: clear,
  };
  Object.assign(globalThis, globals);
  Date.now = () => clock.now();
  Math.random = () => random.number();
}

function handle(): Handle {
  return { cancel: () => undefined, unref: () => undefined };
}

function clear(timer?: Handle): void {
  timer?.cancel();
}
