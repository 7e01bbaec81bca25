import type { Clock } from '@tabswarm/base';
import type { HashProgress } from '../vault.ts';

const MIN_PROGRESS_INTERVAL_MS = 50;

/** Adds up what is done, and tells of it: not for every block, but at once when it is held up, goes on or is done. */
export function createHashProgress(
  clock: Clock,
  bytesTotal: number,
  report: (progress: HashProgress) => void,
): { add(bytes: number): void; heldUp(why: HashProgress['heldUp']): void } {
  let progress: HashProgress = { bytesDone: 0, bytesTotal };
  let reportedAt = -Infinity;

  const tell = (): void => {
    reportedAt = clock.now();
    report(progress);
  };

  return {
    add(bytes) {
      progress = { ...progress, bytesDone: progress.bytesDone + bytes };
      const due = clock.now() - reportedAt >= MIN_PROGRESS_INTERVAL_MS;
      // While it is held up only what was on its way still comes, and nothing after that.
      if (due || progress.heldUp !== undefined || progress.bytesDone >= bytesTotal) tell();
    },
    heldUp(why) {
      progress = { ...progress, heldUp: why };
      tell();
    },
  };
}
