import type { Clock } from '@tabswarm/base';
import type { Root } from '@tabswarm/protocol/ids';
import type { Signaling } from '@tabswarm/webrtc';
import type { DownloadState } from './downloads.ts';
import type { Share } from './shares.ts';

/** Whoever holds the share is found by then, or is not there. A server costs a socket for as long. */
const VISIT_MS = 5 * 60_000;

/** Signs in to the servers that a share's link names, as long as nobody is found who holds it. */
export interface Visits {
  reconcile(): void;
  stop(): void;
}

export function createVisits({
  signaling,
  shares,
  stateOf,
  clock,
}: {
  readonly signaling: Pick<Signaling, 'visit'> | undefined;
  readonly shares: { all(): readonly Share[] };
  readonly stateOf: (root: Root) => DownloadState | undefined;
  readonly clock: Clock;
}): Visits {
  /** Those under way, and those that took too long: they begin again with the next search. */
  const visits = new Map<Root, () => void>();

  const wants = ({ view }: Share): boolean => {
    const state = stateOf(view.root);
    return !!state?.held && !state.problem && state.sources.size === 0 && view.signaling.length > 0;
  };

  const end = (root: Root): void => {
    visits.get(root)?.();
    visits.delete(root);
  };

  return {
    reconcile() {
      if (!signaling) return;
      const wanted = new Map(
        shares
          .all()
          .filter((share) => wants(share))
          .map((share) => [share.view.root, share]),
      );
      for (const root of visits.keys()) if (!wanted.has(root)) end(root);
      for (const [root, { view }] of wanted) {
        if (visits.has(root)) continue;
        const leave = signaling.visit(view.signaling);
        const cancel = clock.after(VISIT_MS, leave);
        visits.set(root, () => {
          cancel();
          leave();
        });
      }
    },
    stop() {
      for (const root of visits.keys()) end(root);
    },
  };
}
