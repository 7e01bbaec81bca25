import { errorText, type Clock, type Log, type Random } from '@tabswarm/base';
import { toHex } from '@tabswarm/protocol/bytes';
import { noRoomForFiles } from './problems.ts';
import { hasRoomCome, startWait, type Room, type RoomView, type RoomWait } from './room.ts';
import type { Problem } from './snapshot.ts';
import type { HashProgress, Vault } from './vault.ts';

/** What the vault does with files of the user's. It may take minutes, so it is shown, held up and given up. */
export interface Jobs {
  /**
   * `work` has the vault do it under the job's id. Aborting cancels it. Rejects as `work` does, with `signal.reason` where
   * that aborted.
   */
  run<T>(
    work: (job: Job) => Promise<T>,
    options: { readonly bytesTotal: number; readonly signal?: AbortSignal | undefined },
  ): Promise<T>;
  /** False where there is no such job. */
  cancel(id: string): Promise<boolean>;
  /** Holds it up, or has it go on. False where the id is none of a job; one that has ended is left alone. */
  setPaused(id: string, paused: boolean): Promise<boolean>;
  /** The room was measured: what waits for more may go on. */
  onRoom(room: RoomView): void;
}

/** One of them, as far as it is now. */
export interface Job {
  readonly id: string;
  /** 0 to 1. */
  readonly progress: number;
  readonly heldUp: HashProgress['heldUp'];
  readonly onProgress: (progress: HashProgress) => void;
}

interface Running {
  readonly id: string;
  bytesDone: number;
  bytesTotal: number;
  heldUp: HashProgress['heldUp'];
  roomWait: RoomWait;
}

/** By this an id is told from a share's root. */
const ID_PREFIX = 'job-';

export function createJobs({
  vault,
  room,
  random,
  clock,
  log,
  onChange,
}: {
  readonly vault: Pick<Vault, 'cancel' | 'holdUp' | 'goOn'>;
  readonly room: Room;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
}): Jobs {
  const jobs = new Map<string, Running>();

  const jobOf = (running: Running): Job => ({
    id: running.id,
    get progress() {
      return running.bytesTotal === 0 ? 0 : running.bytesDone / running.bytesTotal;
    },
    get heldUp() {
      return running.heldUp;
    },
    onProgress({ bytesDone, bytesTotal, heldUp }) {
      if (heldUp !== running.heldUp) {
        running.roomWait = {};
        void startWait(room, running.roomWait);
      }
      Object.assign(running, { bytesDone, bytesTotal, heldUp });
      onChange();
    },
  });

  return {
    async run(work, { bytesTotal, signal }) {
      signal?.throwIfAborted();
      const id = `${ID_PREFIX}${toHex(random.bytes(8))}`;
      const running: Running = { id, bytesDone: 0, bytesTotal, heldUp: undefined, roomWait: {} };
      const cancel = (): void => void vault.cancel(id);
      jobs.set(id, running);
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        const working = work(jobOf(running));
        onChange();
        return await working;
      } catch (cause) {
        throw signal?.aborted === true ? signal.reason : cause;
      } finally {
        signal?.removeEventListener('abort', cancel);
        jobs.delete(id);
        onChange();
      }
    },
    async cancel(id) {
      if (!jobs.has(id)) return false;
      await vault.cancel(id);
      return true;
    },
    async setPaused(id, paused) {
      if (!id.startsWith(ID_PREFIX)) return false;
      try {
        if (jobs.has(id)) await (paused ? vault.holdUp(id) : vault.goOn(id));
      } catch (cause) {
        // It came to its end while it was asked.
        if (!(cause instanceof Error && cause.name === 'NotFoundError')) throw cause;
      }
      return true;
    },
    onRoom(measured) {
      for (const { id, heldUp, roomWait, bytesTotal, bytesDone } of jobs.values()) {
        if (heldUp !== 'no-room' || !hasRoomCome(roomWait, measured, bytesTotal - bytesDone, clock.now()))
          continue;
        vault
          .goOn(id)
          .catch((cause: unknown) => log.warn('a job did not go on', { cause: errorText(cause) }));
      }
    },
  };
}

/** The status of a job that is held up; undefined while it goes on. */
export function pausedOf({
  heldUp,
}: Job): { readonly state: 'paused'; readonly problem?: Problem | undefined } | undefined {
  if (heldUp === undefined) return undefined;
  return { state: 'paused', problem: heldUp === 'no-room' ? noRoomForFiles() : undefined };
}

/** Whether somebody gave it up, which is no failure. */
export function wasCancelled(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'AbortError';
}
