import type { Clock } from '@tabswarm/base';
import type { HashProgress, Vault } from '../vault.ts';
import { NotFoundError } from './errors.ts';
import { createGate, type Gate } from './gate.ts';
import { createHashProgress } from './hash-progress.ts';

/** Work on files that may take minutes: it is known by a name, tells how far it is, waits, goes on and is given up. */
export interface Jobs extends Pick<Vault, 'cancel' | 'holdUp' | 'goOn'> {
  /** A TypeError where a job of this name is under way. The job is under way until `work` has ended, however it ends. */
  run<T>(job: JobOptions, work: (steps: JobSteps) => Promise<T>): Promise<T>;
}

export interface JobOptions {
  readonly name: string;
  readonly bytesTotal: number;
  readonly onProgress: (progress: HashProgress) => void;
}

/** What the work of a job minds and tells. */
export interface JobSteps {
  /** Aborts with an AbortError when the job is cancelled. */
  readonly signal: AbortSignal;
  /** Where it waits while it is held up; what it writes is written when there is room. */
  readonly gate: Gate;
  /** Is told of the bytes that are done. */
  readonly onBytes: (bytes: number) => void;
}

interface Job {
  readonly over: AbortController;
  readonly gate: Gate;
  readonly ended: Promise<unknown>;
}

const isAbortError = (cause: unknown): boolean => cause instanceof Error && cause.name === 'AbortError';

export function createJobs(clock: Clock): Jobs {
  const jobs = new Map<string, Job>();

  const find = (name: string): Job => {
    const job = jobs.get(name);
    if (!job) throw new NotFoundError('no such job');
    return job;
  };

  return {
    async run({ name, bytesTotal, onProgress }, work) {
      if (jobs.has(name)) throw new TypeError('a job of this name is under way');
      const progress = createHashProgress(clock, bytesTotal, onProgress);
      const over = new AbortController();
      const gate = createGate(() => progress.heldUp(gate.heldUp), over);
      const onBytes = (bytes: number): void => progress.add(bytes);
      const running = work({ signal: over.signal, gate, onBytes })
        .catch((cause: unknown) => {
          // IndexedDB too says so where it breaks off a transaction, which nobody asked for.
          if (over.signal.aborted || !isAbortError(cause)) throw cause;
          throw new Error('the browser broke off the storing', { cause });
        })
        .finally(() => {
          progress.stop();
          jobs.delete(name);
        });
      jobs.set(name, { over, gate, ended: running.catch(() => undefined) });
      return running;
    },

    async cancel(name) {
      const job = jobs.get(name);
      if (!job) return;
      job.over.abort(new DOMException('it was cancelled', 'AbortError'));
      await job.ended;
    },

    holdUp: async (name) => Promise.resolve(find(name).gate.close('asked')),
    goOn: async (name) => Promise.resolve(find(name).gate.open()),
  };
}
