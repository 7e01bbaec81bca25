import { errorText, type Log, type Random } from '@tabswarm/base';
import { sharedPaths } from '@tabswarm/content';
import { toHex } from '@tabswarm/protocol/bytes';
import type { Root } from '@tabswarm/protocol/ids';
import { noRoomForFiles, problemOfSharing } from './problems.ts';
import { hasRoomCome, startWait, type Room, type RoomView, type RoomWait } from './room.ts';
import type { Problem, Renamed, TransferStatus, TransferView } from './snapshot.ts';
import type { HashProgress, SourceFile, ShareView, Vault, Visibility } from './vault.ts';

/** Files on their way to becoming a share. A job that failed stays in the list until it is dismissed. */
export interface HashingJobs {
  run(
    files: readonly SourceFile[],
    options: {
      readonly visibility: Visibility;
      readonly name?: string | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<ShareView>;
  views(): readonly TransferView[];
  /** Of a share that was made here: the files that have other names in it. */
  renamed(root: Root): readonly Renamed[];
  /** Cancels or dismisses; false where there is no such job. */
  remove(id: string): Promise<boolean>;
  /** Holds it up, or has it go on; false where there is no such job. */
  setPaused(id: string, paused: boolean): Promise<boolean>;
  /** The room was measured: what waits for more may go on. */
  onRoom(room: RoomView): void;
}

interface Job {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly visibility: Visibility;
  readonly files: readonly SourceFile[];
  readonly addedAt: number;
  readonly renamed: readonly Renamed[];
  bytesDone: number;
  heldUp?: HashProgress['heldUp'];
  roomWait: RoomWait;
  problem?: Problem | undefined;
}

export function createHashingJobs({
  vault,
  room,
  random,
  now,
  log,
  onChange,
}: {
  readonly vault: Vault;
  readonly room: Room;
  readonly random: Random;
  readonly now: () => number;
  readonly log: Log;
  readonly onChange: () => void;
}): HashingJobs {
  const jobs = new Map<string, Job>();
  const renamed = new Map<Root, readonly Renamed[]>();

  return {
    async run(files, { visibility, name, signal }) {
      signal?.throwIfAborted();
      const job: Job = {
        id: `job-${toHex(random.bytes(8))}`,
        name: name ?? files[0]?.path.at(-1) ?? '',
        size: files.reduce((sum, { file }) => sum + file.size, 0),
        visibility,
        files,
        addedAt: now(),
        renamed: renamedIn(files),
        bytesDone: 0,
        roomWait: {},
      };
      const cancel = (): void => void vault.cancel(job.id);
      jobs.set(job.id, job);
      onChange();
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        const view = await vault.add(files, { visibility, name, job: job.id }, ({ bytesDone, heldUp }) => {
          if (heldUp !== job.heldUp) {
            job.roomWait = {};
            void startWait(room, job.roomWait);
          }
          Object.assign(job, { bytesDone, heldUp });
          onChange();
        });
        jobs.delete(job.id);
        renamed.set(view.root, job.renamed);
        return view;
      } catch (cause) {
        if (cause instanceof Error && cause.name === 'AbortError') jobs.delete(job.id);
        else job.problem = problemOfSharing(cause);
        throw signal?.aborted === true ? signal.reason : cause;
      } finally {
        signal?.removeEventListener('abort', cancel);
        onChange();
      }
    },
    views: () =>
      [...jobs.values()].map((job) => ({
        id: job.id,
        name: job.name,
        size: job.size,
        visibility: job.visibility,
        files: job.files.map(({ path, file }) => ({ path, length: file.size })),
        renamed: job.renamed,
        readable: false,
        openable: false,
        hasTorrent: false,
        status: statusOf(job),
        progress: job.size === 0 ? 0 : job.bytesDone / job.size,
        downRate: 0,
        upRate: 0,
        sources: [],
        receivers: [],
        addedAt: job.addedAt,
      })),
    renamed: (root) => renamed.get(root) ?? [],
    async remove(id) {
      const job = jobs.get(id);
      if (!job) return false;
      if (job.problem) jobs.delete(id);
      else await vault.cancel(id);
      onChange();
      return true;
    },
    async setPaused(id, paused) {
      if (!jobs.has(id)) return false;
      await (paused ? vault.holdUp(id) : vault.goOn(id));
      return true;
    },
    onRoom(measured) {
      for (const { id, heldUp, roomWait, size, bytesDone } of jobs.values()) {
        if (heldUp !== 'no-room' || !hasRoomCome(roomWait, measured, size - bytesDone)) continue;
        vault
          .goOn(id)
          .catch((cause: unknown) => log.warn('a share did not go on', { cause: errorText(cause) }));
      }
    },
  };
}

function renamedIn(files: readonly SourceFile[]): Renamed[] {
  const paths = files.map(({ path }) => path);
  return sharedPaths(paths).flatMap(({ path, changes }, i) =>
    changes.length === 0 ? [] : [{ from: paths[i]?.join('/') ?? '', to: path.join('/') }],
  );
}

function statusOf({ problem, heldUp }: Job): TransferStatus {
  if (problem) return { state: 'failed', problem };
  if (heldUp === undefined) return { state: 'hashing' };
  return { state: 'paused', problem: heldUp === 'no-room' ? noRoomForFiles() : undefined };
}
