import type { Root } from '@tabswarm/protocol/ids';

/** Blocks that somebody reads one after the other: those from `first` up to `end` are fetched before all else. */
export interface Window {
  readonly first: number;
  readonly end: number;
  /** Up to here it will be read in time, if nobody leaves off: a fetch does not end before that is here. */
  readonly until: number;
  /** Whoever reads cannot go on before block `first` is here. */
  readonly waiting: boolean;
}

/** One reader's hold on what is fetched first. */
export interface Urge {
  /** In the place of what was said before. */
  set(window: Window): void;
  /** Nobody reads there any more. */
  release(): void;
}

/** The windows of all readers, by share: they outlive a fetch that is paused or begins anew. */
export interface Urges {
  urge(root: Root): Urge;
  windows(root: Root): Iterable<Window>;
}

export function createUrges(onChange: (root: Root) => void): Urges {
  const byRoot = new Map<Root, Map<Urge, Window>>();

  return {
    urge(root) {
      const urge: Urge = {
        set(window) {
          const windows = byRoot.get(root) ?? new Map<Urge, Window>();
          byRoot.set(root, windows.set(urge, window));
          onChange(root);
        },
        release() {
          const windows = byRoot.get(root);
          if (windows?.delete(urge) !== true) return;
          if (windows.size === 0) byRoot.delete(root);
          onChange(root);
        },
      };
      return urge;
    },
    windows: (root) => byRoot.get(root)?.values() ?? [],
  };
}
