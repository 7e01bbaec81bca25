import type { Vault } from '../vault.ts';
import { addShare, type AddCollaborators } from './add-share.ts';
import { viewOf } from './held-share.ts';
import type { Holdings } from './holdings.ts';
import type { StoreLock } from './store-lock.ts';

export type Adding = Pick<Vault, 'add' | 'cancel'>;

export interface AddingCollaborators extends AddCollaborators {
  readonly holdings: Holdings;
  readonly lock: StoreLock;
  /** Deletes blocks that no share has. */
  readonly freeBlocks: () => Promise<void>;
  /** Whether a removal was put off because of us. */
  readonly isFreeingDue: () => boolean;
}

interface Job {
  readonly over: AbortController;
  readonly ended: Promise<unknown>;
}

export function createAdding(collaborators: AddingCollaborators): Adding {
  const { holdings, lock, freeBlocks, isFreeingDue } = collaborators;
  const jobs = new Map<string, Job>();

  return {
    async add(files, { job, ...options }, onProgress) {
      if (jobs.has(job)) throw new TypeError('a job of this name is under way');
      const over = new AbortController();
      const run = async (): ReturnType<Vault['add']> => {
        let done = false;
        try {
          const view = await lock.shared(async () => {
            const root = await addShare(collaborators, files, options, { signal: over.signal, onProgress });
            // Still under the lock: once that is free, the share must be known here.
            await holdings.alone(root, () => holdings.reload(root));
            return viewOf(holdings.find(root));
          });
          done = true;
          return view;
        } finally {
          jobs.delete(job);
          if (!done || isFreeingDue()) await freeBlocks();
        }
      };
      const running = run();
      jobs.set(job, { over, ended: running.catch(() => undefined) });
      return running;
    },

    async cancel(name) {
      const job = jobs.get(name);
      if (!job) return;
      job.over.abort(new DOMException('the files are not shared', 'AbortError'));
      await job.ended;
    },
  };
}
