import type { BlockId } from '@tabswarm/protocol/ids';
import type { Vault } from '../vault.ts';
import { addShare, type AddCollaborators } from './add-share.ts';
import { NotFoundError } from './errors.ts';
import { createGate, type Gate } from './gate.ts';
import { createHashProgress } from './hash-progress.ts';
import { viewOf } from './held-share.ts';
import type { Holdings } from './holdings.ts';
import type { StoreLock } from './store-lock.ts';

export interface Adding extends Pick<Vault, 'add' | 'cancel' | 'holdUp' | 'goOn'> {
  /** Whether a share that is being made in this tab has this block. */
  claims(id: BlockId): boolean;
}

export interface AddingCollaborators extends AddCollaborators {
  readonly holdings: Holdings;
  readonly lock: StoreLock;
  /** Deletes those of the blocks that no share has. */
  readonly freeBlocks: (ids: Iterable<BlockId>) => Promise<void>;
  /** Deletes what no share has, if that was put off because of us. */
  readonly freeWhatIsDue: () => Promise<void>;
}

interface Job {
  readonly over: AbortController;
  readonly gate: Gate;
  readonly claimed: Set<BlockId>;
  ended: Promise<unknown>;
}

export function createAdding(collaborators: AddingCollaborators): Adding {
  const { holdings, lock, clock, freeBlocks, freeWhatIsDue } = collaborators;
  const jobs = new Map<string, Job>();

  const find = (name: string): Job => {
    const job = jobs.get(name);
    if (!job) throw new NotFoundError('no such job');
    return job;
  };

  return {
    async add(files, { job: name, ...options }, onProgress) {
      if (jobs.has(name)) throw new TypeError('a job of this name is under way');
      const bytesTotal = files.reduce((sum, { file }) => sum + file.size, 0);
      const progress = createHashProgress(clock, bytesTotal, onProgress);
      const over = new AbortController();
      const gate = createGate(() => progress.heldUp(gate.heldUp), over);
      const job: Job = { over, gate, claimed: new Set(), ended: Promise.resolve() };
      const run = async (): ReturnType<Vault['add']> => {
        let done = false;
        try {
          const view = await lock.shared(async () => {
            const root = await addShare(collaborators, files, options, {
              signal: over.signal,
              gate,
              claim: (id) => job.claimed.add(id),
              onBytes: (bytes) => progress.add(bytes),
              alone: (work) => lock.alone(work),
            });
            // Still under the lock: once that is free, the share must be known here.
            await holdings.alone(root, () => holdings.reload(root));
            return viewOf(holdings.find(root));
          });
          done = true;
          return view;
        } finally {
          jobs.delete(name);
          if (!done) await freeBlocks(job.claimed);
          await freeWhatIsDue();
        }
      };
      jobs.set(name, job);
      const running = run();
      job.ended = running.catch(() => undefined);
      return running;
    },

    async cancel(name) {
      const job = jobs.get(name);
      if (!job) return;
      job.over.abort(new DOMException('the files are not shared', 'AbortError'));
      await job.ended;
    },

    holdUp: async (name) => Promise.resolve(find(name).gate.close('asked')),
    goOn: async (name) => Promise.resolve(find(name).gate.open()),
    claims: (id) => [...jobs.values()].some(({ claimed }) => claimed.has(id)),
  };
}
