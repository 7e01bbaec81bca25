import type { Clock } from '@tabswarm/base';
import type { HashProgress } from '../vault.ts';

const MIN_PROGRESS_INTERVAL_MS = 50;

/**
 * Adds up what is done, and tells of it: not for every block, though soon of the last of them also where a slow disk lets
 * no other follow, and at once when it is held up, goes on or is done.
 */
export interface Progress {
  add(bytes: number): void;
  heldUp(why: HashProgress['heldUp']): void;
  /** Nothing is told any more. */
  stop(): void;
}

export function createHashProgress(
  clock: Clock,
  bytesTotal: number,
  report: (progress: HashProgress) => void,
): Progress {
  let progress: HashProgress = { bytesDone: 0, bytesTotal };
  let reportedAt = -Infinity;
  let cancelTimer: (() => void) | undefined;
  let isStopped = false;

  const tell = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    if (isStopped) return;
    reportedAt = clock.now();
    report(progress);
  };

  return {
    add(bytes) {
      progress = { ...progress, bytesDone: progress.bytesDone + bytes };
      const dueIn = reportedAt + MIN_PROGRESS_INTERVAL_MS - clock.now();
      // While it is held up only what was on its way still comes, and nothing after that.
      if (dueIn <= 0 || progress.heldUp !== undefined || progress.bytesDone >= bytesTotal) tell();
      else if (!isStopped) cancelTimer ??= clock.after(dueIn, tell);
    },
    heldUp(why) {
      progress = { ...progress, heldUp: why };
      tell();
    },
    stop() {
      isStopped = true;
      cancelTimer?.();
    },
  };
}
