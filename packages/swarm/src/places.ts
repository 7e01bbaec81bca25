import type { Clock } from '@tabswarm/base';
import type { Source } from './source.ts';

/** Sources of one share that are asked at a time, and one more that is on trial. */
const MAX_PLACES = 8;
/** So long a source is on trial, and at least so long before it takes the place of another. */
const TRIAL_MS = 5_000;
const MIN_TRIAL_MS = 2_000;
/** It takes the place of the slowest where it is so many times as fast: changing costs a slow start. */
const FASTER = 1.2;
/** One that was not worth a place is tried again after this. */
const REST_MS = 60_000;

/**
 * Which of the sources are asked, where there are more than are asked at a time. One of those that wait is on trial beside
 * those that have a place, and takes that of the slowest where it turns out to be faster.
 */
export interface Places {
  /** Whether it may be asked; it takes a place, or the trial, where there is one. */
  take(source: Source): boolean;
  /** It has nothing for us now, or does not deliver, or is gone. */
  leave(source: Source): void;
  /** To be called now and then: the trial may be over. */
  review(): void;
}

export function createPlaces(clock: Clock): Places {
  const placed = new Set<Source>();
  let trial: { readonly source: Source; readonly since: number } | undefined;
  /** Who lost a place or a trial, with the time until when others come before them. */
  const resting = new WeakMap<Source, number>();

  const rest = (source: Source): void => void resting.set(source, clock.now() + REST_MS);
  const isResting = (source: Source): boolean => (resting.get(source) ?? 0) > clock.now();

  return {
    take(source) {
      if (placed.has(source) || trial?.source === source) return true;
      if (placed.size < MAX_PLACES) {
        placed.add(source);
        return true;
      }
      if (trial || isResting(source)) return false;
      trial = { source, since: clock.now() };
      return true;
    },
    leave(source) {
      placed.delete(source);
      if (trial?.source === source) trial = undefined;
    },
    review() {
      if (!trial) return;
      const { source, since } = trial;
      const age = clock.now() - since;
      if (age < MIN_TRIAL_MS) return;
      const [slowest] = [...placed].toSorted((a, b) => a.meter.rate() - b.meter.rate());
      if (!slowest || source.meter.rate() > FASTER * slowest.meter.rate()) {
        trial = undefined;
        placed.add(source);
        if (!slowest) return;
        placed.delete(slowest);
        rest(slowest);
      } else if (age >= TRIAL_MS) {
        trial = undefined;
        rest(source);
      }
    },
  };
}
