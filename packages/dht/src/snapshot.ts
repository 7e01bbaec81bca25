import { createState, type Clock, type State } from '@tabswarm/base';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
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
}

export interface Snapshots {
  readonly state: State<DhtSnapshot>;
  /** Something has changed: the snapshot follows soon, once for many changes. */
  touch(): void;
  /** The snapshot follows at once. */
  flush(): void;
}

export function createSnapshots(clock: Clock, look: () => DhtSnapshot): Snapshots {
  const state = createState(look());
  let cancel: (() => void) | undefined;

  const flush = (): void => {
    cancel?.();
    cancel = undefined;
    state.set(look());
  };

  return {
    state,
    touch() {
      cancel ??= clock.after(SNAPSHOT_DELAY_MS, flush);
    },
    flush,
  };
}
