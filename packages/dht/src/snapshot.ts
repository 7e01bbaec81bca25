import { createState, type Clock, type State } from '@tabswarm/base';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { LookupTrace } from './lookup/trace.ts';
import { SNAPSHOT_DELAY_MS } from './limits.ts';

/** What a screen shows of the overlay. */
export interface DhtSnapshot {
  /** `alone`: running, but linked to nobody that takes part. */
  readonly state: 'stopped' | 'alone' | 'linked';
  /** Linked nodes by the number of leading bits that they share with this one; only buckets that hold some. */
  readonly buckets: readonly { readonly bucket: number; readonly nodes: readonly NodeId[] }[];
  readonly links: number;
  /** Nodes known but not linked. */
  readonly contacts: number;
  /** Records kept here, this tab's own included. */
  readonly records: number;
  /** Shares that this tab announces. */
  readonly provided: readonly Root[];
  /** Lookups of this tab that are running. */
  readonly lookups: number;
  /** The latest lookups of this tab, oldest first, as far as they have come. Only from when somebody subscribes. */
  readonly traces: readonly LookupTrace[];
}

export interface Snapshots {
  readonly state: State<DhtSnapshot>;
  /** Whether anybody subscribes. */
  readonly watched: boolean;
  /** Something has changed: the snapshot follows soon, once for many changes. */
  touch(): void;
  /** The snapshot follows at once. */
  flush(): void;
}

/** Whoever does not subscribe costs nothing: no timer runs, and a snapshot is made when it is looked at. */
export function createSnapshots(clock: Clock, look: () => DhtSnapshot): Snapshots {
  const state = createState(look());
  let watchers = 0;
  let stale = false;
  let cancel: (() => void) | undefined;

  const renew = (): void => {
    cancel?.();
    cancel = undefined;
    stale = false;
    state.set(look());
  };

  const touch = (): void => {
    stale = true;
    if (watchers > 0) cancel ??= clock.after(SNAPSHOT_DELAY_MS, renew);
  };

  return {
    state: {
      get() {
        if (stale && watchers === 0) renew();
        return state.get();
      },
      subscribe(onChange) {
        const unsubscribe = state.subscribe(onChange);
        let subscribed = true;
        watchers += 1;
        if (stale) touch();
        return () => {
          unsubscribe();
          if (!subscribed) return;
          subscribed = false;
          watchers -= 1;
          if (watchers > 0) return;
          cancel?.();
          cancel = undefined;
        };
      },
    },
    get watched() {
      return watchers > 0;
    },
    touch,
    flush() {
      if (watchers > 0) renew();
      else stale = true;
    },
  };
}
