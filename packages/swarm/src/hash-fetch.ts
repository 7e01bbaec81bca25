import { createDeferred } from '@tabswarm/base';
import type { HashRange } from '@tabswarm/content';
import { FIRST, SKIPPED, type MissingHashes } from './library.ts';
import type { Window } from './urges.ts';

/** Ranges of hashes asked for side by side. */
const QUESTIONS = 4;

/**
 * Fetches the hashes by which blocks are verified, those first whose blocks are read, and none of blocks that are not
 * wanted: so a block can be fetched after one range, however many there are.
 */
export interface HashFetch {
  /** Whether the block can be verified. */
  isKnown(index: number): boolean;
  /** Asks until the signal aborts; rejects where the hashes cannot be kept. */
  run(signal: AbortSignal): Promise<never>;
  /** What is read, or what is wanted, is something else now. */
  onRead(): void;
  onWanted(): void;
}

export interface HashFetchParts {
  readonly missing: readonly MissingHashes[];
  readonly priorities: () => Uint8Array | undefined;
  readonly windows: () => Iterable<Window>;
  /** Resolves when the range is here. */
  readonly ask: (range: HashRange, signal: AbortSignal) => Promise<void>;
  readonly onKnown: () => void;
}

export function createHashFetch({ missing, priorities, windows, ask, onKnown }: HashFetchParts): HashFetch {
  const unknown = new Uint8Array(missing.reduce((most, { end }) => Math.max(most, end), 0));
  for (const { first, end } of missing) unknown.fill(1, first, end);
  const unasked = new Set(missing);
  /** Of each range, as long as nothing else is wanted: there may be thousands. */
  let importance = new Map<MissingHashes, number>();
  let wish = createDeferred<void>();

  const importanceOf = (one: MissingHashes): number => {
    const known = importance.get(one) ?? highest(priorities(), one);
    importance.set(one, known);
    return known;
  };

  /** The range that is needed soonest; undefined where none is. */
  const next = (): MissingHashes | undefined => {
    let best: MissingHashes | undefined;
    let bestUrgency = SKIPPED;
    for (const one of unasked) {
      const urgency = Math.max(urgencyOf(one, windows()), importanceOf(one));
      if (urgency <= bestUrgency) continue;
      best = one;
      bestUrgency = urgency;
    }
    return best;
  };

  const work = async (signal: AbortSignal): Promise<never> => {
    for (;;) {
      signal.throwIfAborted();
      const one = next();
      if (!one) {
        await wish.promise;
        continue;
      }
      unasked.delete(one);
      await ask(one.range, signal);
      unknown.fill(0, one.first, one.end);
      onKnown();
    }
  };
  const onRead = (): void => {
    wish.resolve();
    wish = createDeferred();
  };

  return {
    isKnown: (index) => unknown[index] !== 1,
    async run(signal) {
      signal.addEventListener('abort', onRead, { once: true });
      return Promise.race(Array.from({ length: QUESTIONS }, () => work(signal)));
    },
    onRead,
    onWanted() {
      importance = new Map();
      onRead();
    },
  };
}

/** Above all importances where somebody reads there, the more so where they wait. */
function urgencyOf({ first, end }: MissingHashes, windows: Iterable<Window>): number {
  let urgency = 0;
  for (const window of windows) {
    if (window.first < end && window.end > first)
      urgency = Math.max(urgency, window.waiting ? FIRST + 2 : FIRST + 1);
  }
  return urgency;
}

function highest(priorities: Uint8Array | undefined, { first, end }: MissingHashes): number {
  return priorities ? Math.max(...priorities.subarray(first, end)) : SKIPPED + 1;
}
