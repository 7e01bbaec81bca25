import type { Log, State } from '@tabswarm/base';
import { errorText } from '@tabswarm/base';
import type { NodeSnapshot, TransferView } from '@tabswarm/node';

/*
 * A tab that is closed, or a machine that falls asleep, ends what others are waiting for. So the machine is kept awake
 * while something moves, and whoever closes a tab that is still needed is asked first.
 */

/** The page's means for that, as far as the browser has them. */
export interface Staying {
  /** Screen Wake Lock API; absent in browsers without. Rejects where the battery is low, say. */
  readonly requestWakeLock?: (() => Promise<WakeLockSentinel>) | undefined;
  isVisible(): boolean;
  onVisible(listener: () => void): void;
}

/**
 * Keeps the machine awake while bytes come or go. The browser lets go of the lock whenever the page is hidden; one that
 * refuses is asked again when the page comes back into view.
 */
export function keepAwake(
  snapshot: State<NodeSnapshot>,
  { requestWakeLock, isVisible, onVisible }: Staying,
  log: Log,
): void {
  if (!requestWakeLock) return;
  let held: WakeLockSentinel | undefined;
  let asking = false;
  let refused = false;

  const follow = (): void => {
    const wanted = isMoving(snapshot.get());
    if (!wanted) {
      void held?.release();
      held = undefined;
    }
    if (!wanted || asking || refused || !isVisible() || held?.released === false) return;
    asking = true;
    requestWakeLock().then(
      (sentinel) => {
        held = sentinel;
        asking = false;
        // It may have come too late.
        follow();
      },
      (cause: unknown) => {
        asking = false;
        refused = true;
        log.info('the machine may fall asleep', { cause: errorText(cause) });
      },
    );
  };

  snapshot.subscribe(follow);
  onVisible(() => {
    refused = false;
    follow();
  });
  follow();
}

/** Whether somebody would lose something if this tab were closed now. */
export function isNeeded({ transfers }: NodeSnapshot): boolean {
  return transfers.some(
    ({ status, root, supply, needed }) =>
      // Files that are read for it would have to be chosen again.
      (root === undefined && status.state !== 'failed') || supply !== undefined || needed !== undefined,
  );
}

function isMoving({ transfers }: NodeSnapshot): boolean {
  return transfers.some((transfer) => isAtWork(transfer) || transfer.downRate > 0 || transfer.upRate > 0);
}

/** Whether files are being read for it. */
function isAtWork({ status, supply }: TransferView): boolean {
  return status.state === 'hashing' || supply?.status.state === 'checking';
}

/** Of this page. */
export const pageStaying = (): Staying => ({
  requestWakeLock: 'wakeLock' in navigator ? () => navigator.wakeLock.request('screen') : undefined,
  isVisible: () => document.visibilityState === 'visible',
  onVisible(listener) {
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') listener();
    });
  },
});
