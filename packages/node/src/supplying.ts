import { errorText, type Log } from '@tabswarm/base';
import type { Root } from '@tabswarm/protocol/ids';
import type { Node } from './api.ts';
import { pausedOf, wasCancelled, type Job, type Jobs } from './jobs.ts';
import { problemOfSupplying } from './problems-of-torrents.ts';
import type { SupplyView } from './snapshot.ts';
import { TransferError } from './transfer-error.ts';
import type { Vault } from './vault.ts';

/** Files that need not be fetched, as somebody has them already. */
export interface Supplying extends Pick<Node, 'supply'> {
  /** What is being checked for that share; where several are, what was begun first. */
  view(root: Root): SupplyView | undefined;
}

export interface SupplyingParts {
  readonly vault: Pick<Vault, 'supply'>;
  readonly jobs: Jobs;
  readonly log: Log;
}

export function createSupplying({ vault, jobs, log }: SupplyingParts): Supplying {
  const running = new Map<Job, Root>();

  return {
    async supply(root, files, { signal } = {}) {
      const work = async (job: Job): Promise<number> => {
        running.set(job, root);
        try {
          return await vault.supply(root, files, { job: job.id }, job.onProgress);
        } catch (cause) {
          if (wasCancelled(cause)) throw cause;
          log.warn('files were not taken into a share', { root, cause: errorText(cause) });
          throw new TransferError(problemOfSupplying(cause));
        } finally {
          running.delete(job);
        }
      };
      const size = files.reduce((sum, { file }) => sum + file.size, 0);
      const bytes = await jobs.run(work, { bytesTotal: size, signal });
      if (bytes === 0) throw new TransferError(problemOfSupplying(undefined));
      return bytes;
    },
    view(root) {
      const [job] = [...running].find(([, supplied]) => supplied === root) ?? [];
      return job && { id: job.id, status: pausedOf(job) ?? { state: 'checking' }, progress: job.progress };
    },
  };
}
