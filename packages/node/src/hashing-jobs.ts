import { sharedPaths } from '@tabswarm/content';
import type { Root } from '@tabswarm/protocol/ids';
import { pausedOf, wasCancelled, type Job, type Jobs } from './jobs.ts';
import { problemOfSharing } from './problems.ts';
import type { Problem, Renamed, TransferStatus, TransferView } from './snapshot.ts';
import type { SourceFile, ShareView, Vault, Visibility } from './vault.ts';

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
  /** Forgets a job that has failed, or what a share was renamed. False where no job of that id has failed. */
  dismiss(id: string): boolean;
}

interface HashingJob {
  readonly job: Job;
  readonly name: string;
  readonly size: number;
  readonly visibility: Visibility;
  readonly files: readonly SourceFile[];
  readonly addedAt: number;
  readonly renamed: readonly Renamed[];
  problem?: Problem | undefined;
}

export function createHashingJobs({
  vault,
  jobs,
  now,
  onChange,
}: {
  readonly vault: Pick<Vault, 'add'>;
  readonly jobs: Jobs;
  readonly now: () => number;
  readonly onChange: () => void;
}): HashingJobs {
  const listed = new Map<string, HashingJob>();
  const renamed = new Map<Root, readonly Renamed[]>();

  return {
    run(files, { visibility, name, signal }) {
      const size = files.reduce((sum, { file }) => sum + file.size, 0);
      const work = async (job: Job): Promise<ShareView> => {
        const hashing: HashingJob = {
          job,
          name: name ?? files[0]?.path.at(-1) ?? '',
          size,
          visibility,
          files,
          addedAt: now(),
          renamed: renamedIn(files),
        };
        listed.set(job.id, hashing);
        try {
          const view = await vault.add(files, { visibility, name, job: job.id }, job.onProgress);
          listed.delete(job.id);
          renamed.set(view.root, hashing.renamed);
          return view;
        } catch (cause) {
          if (wasCancelled(cause)) listed.delete(job.id);
          else hashing.problem = problemOfSharing(cause);
          throw cause;
        }
      };
      return jobs.run(work, { bytesTotal: size, signal });
    },
    views: () =>
      [...listed.values()].map((hashing) => ({
        id: hashing.job.id,
        name: hashing.name,
        size: hashing.size,
        visibility: hashing.visibility,
        files: hashing.files.map(({ path, file }) => ({ path, length: file.size })),
        renamed: hashing.problem ? [] : hashing.renamed,
        readable: false,
        openable: false,
        hasTorrent: false,
        status: statusOf(hashing),
        progress: hashing.job.progress,
        downRate: 0,
        upRate: 0,
        sources: [],
        receivers: [],
        addedAt: hashing.addedAt,
      })),
    renamed: (root) => renamed.get(root) ?? [],
    dismiss(id) {
      renamed.delete(id as Root);
      if (!listed.get(id)?.problem) return false;
      listed.delete(id);
      onChange();
      return true;
    },
  };
}

function renamedIn(files: readonly SourceFile[]): Renamed[] {
  const paths = files.map(({ path }) => path);
  return sharedPaths(paths).flatMap(({ path, changes }, i) =>
    changes.length === 0 ? [] : [{ from: paths[i]?.join('/') ?? '', to: path.join('/') }],
  );
}

function statusOf({ problem, job }: HashingJob): TransferStatus {
  if (problem) return { state: 'failed', problem };
  return pausedOf(job) ?? { state: 'hashing' };
}
