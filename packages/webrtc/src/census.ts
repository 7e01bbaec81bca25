/*
 * Chromium lets a tab have 500 peer connections, and counts those that were closed until their objects have been
 * collected (https://issues.chromium.org/issues/41378764), which takes some 30 s and is nothing that a page can hasten.
 * So they are counted here in the same way, and nobody makes more than can be had.
 */

/** Far enough below 500 that one more introduction in each seat would still fit. */
export const MAX_UNCOLLECTED = 300;

export interface ConnectionCounts {
  /** Connections that are not over. */
  readonly open: number;
  /** Connection objects that exist: those that are open, and those that are over and not yet collected. */
  readonly uncollected: number;
  /** All that were ever made. */
  readonly made: number;
}

/** Calls back once an object is collected. */
export type WatchCollection = (onCollected: () => void) => (object: object) => void;

export interface Census {
  counts(): ConnectionCounts;
  /** Whether `more` connections may be made now. */
  hasRoom(more: number): boolean;
  /** One was made; returns the function that says that it is over. Nothing of it is kept here. */
  enter(object: object): () => void;
}

export function createCensus({ watch = watchCollection }: { readonly watch?: WatchCollection } = {}): Census {
  let open = 0;
  let uncollected = 0;
  let made = 0;
  const follow = watch(() => {
    uncollected -= 1;
  });
  return {
    counts: () => ({ open, uncollected, made }),
    hasRoom: (more) => uncollected + more <= MAX_UNCOLLECTED,
    enter(object) {
      made += 1;
      uncollected += 1;
      open += 1;
      follow(object);
      let isOpen = true;
      return () => {
        if (isOpen) open -= 1;
        isOpen = false;
      };
    },
  };
}

const watchCollection: WatchCollection = (onCollected) => {
  const registry = new FinalizationRegistry<undefined>(onCollected);
  return (object) => registry.register(object, undefined);
};
