import type { Clock } from '@tabswarm/base';
import type { Lane } from './lane.ts';

/**
 * The last word of a lane is given so long, as five turns: where the tab sleeps, only one of them passes meanwhile. It
 * travels on the link's own path, before anything that this link sends in bulk.
 */
const TURN_MS = 2_000;
const TURNS = 5;

/** Lanes that are over, where the other end has not said yet how much came. */
export interface Ending {
  count(): number;
  keptBytes(): number;
  add(lane: Lane): void;
  /** The lane of that number, for which nobody waits any more. */
  take(number: number): Lane | undefined;
  clear(): void;
}

/** Calls `onSilent` where the other end does not say how much of a lane came. */
export function createEnding(clock: Clock, onSilent: () => void): Ending {
  const waiting = new Map<number, { readonly lane: Lane; cancel: () => void }>();

  const wait = (number: number, turns: number): (() => void) =>
    clock.after(TURN_MS, () => {
      const entry = waiting.get(number);
      if (!entry) return;
      if (turns > 1) entry.cancel = wait(number, turns - 1);
      else onSilent();
    });

  return {
    count: () => waiting.size,
    keptBytes: () => [...waiting.values()].reduce((sum, { lane }) => sum + lane.keptBytes(), 0),
    add(lane) {
      waiting.set(lane.number, { lane, cancel: wait(lane.number, TURNS) });
    },
    take(number) {
      const entry = waiting.get(number);
      waiting.delete(number);
      entry?.cancel();
      return entry?.lane;
    },
    clear() {
      for (const { lane, cancel } of waiting.values()) {
        cancel();
        lane.drop();
      }
      waiting.clear();
    },
  };
}
