import type { BlockId } from '@tabswarm/protocol/ids';
import type { Vault } from '../vault.ts';
import { addShare, type AddCollaborators } from './add-share.ts';
import { viewOf } from './held-share.ts';
import type { Holdings } from './holdings.ts';
import type { Jobs } from './jobs.ts';
import type { StoreLock } from './store-lock.ts';

export interface Adding extends Pick<Vault, 'add'> {
  /** Whether a share that is being made in this tab has this block. */
  claims(id: BlockId): boolean;
}

export interface AddingCollaborators extends AddCollaborators {
  readonly holdings: Holdings;
  readonly jobs: Jobs;
  readonly lock: StoreLock;
  /** Deletes those of the blocks that no share has. */
  readonly freeBlocks: (ids: Iterable<BlockId>) => Promise<void>;
  /** Deletes what no share has, if that was put off because of us. */
  readonly freeWhatIsDue: () => Promise<void>;
}

export function createAdding(collaborators: AddingCollaborators): Adding {
  const { holdings, jobs, lock, freeBlocks, freeWhatIsDue } = collaborators;
  /** The blocks of each share that is being made. */
  const claims = new Set<Set<BlockId>>();

  return {
    add(files, { job: name, ...options }, onProgress) {
      const bytesTotal = files.reduce((sum, { file }) => sum + file.size, 0);
      return jobs.run({ name, bytesTotal, onProgress }, async (steps) => {
        const claimed = new Set<BlockId>();
        claims.add(claimed);
        let done = false;
        try {
          const view = await lock.shared(async () => {
            const root = await addShare(collaborators, files, options, {
              ...steps,
              claim: (id) => claimed.add(id),
              alone: (work) => lock.alone(work),
            });
            // Still under the lock: once that is free, the share must be known here.
            await holdings.alone(root, () => holdings.reload(root));
            return viewOf(holdings.find(root));
          });
          done = true;
          return view;
        } finally {
          claims.delete(claimed);
          if (!done) await freeBlocks(claimed);
          await freeWhatIsDue();
        }
      });
    },

    claims: (id) => [...claims].some((claimed) => claimed.has(id)),
  };
}
