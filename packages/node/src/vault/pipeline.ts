/**
 * Runs pieces of work side by side, as many as there is room for; whoever adds one waits for room. The first failure
 * stops it.
 */
export interface Pipeline {
  /** Waits until the work fits in and starts it. Rejects where work before it has failed. */
  push(size: number, work: () => Promise<void>): Promise<void>;
  /** Waits until nothing runs any more, then rejects where something failed. */
  drain(): Promise<void>;
}

export interface PipelineLimits {
  /** The sizes of what runs add up to no more. A single piece of work may be larger. */
  readonly room: number;
  readonly maxCount: number;
}

export function createPipeline({ room, maxCount }: PipelineLimits): Pipeline {
  const running = new Set<Promise<void>>();
  let taken = 0;
  let failure: { readonly reason: unknown } | undefined;

  const isFull = (size: number): boolean =>
    running.size > 0 && (running.size >= maxCount || taken + size > room);

  const start = (size: number, work: () => Promise<void>): void => {
    taken += size;
    const task = work()
      .catch((reason: unknown) => {
        failure ??= { reason };
      })
      .finally(() => {
        taken -= size;
        running.delete(task);
      });
    running.add(task);
  };
  const check = (): void => {
    if (failure) throw failure.reason;
  };

  return {
    async push(size, work) {
      while (isFull(size) && !failure) await Promise.race(running);
      check();
      start(size, work);
    },
    async drain() {
      await Promise.all(running);
      check();
    },
  };
}
