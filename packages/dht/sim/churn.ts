import type { Clock, Random } from '@tabswarm/base';

/** Those that come and go: a simulated population, of whatever kind. */
export interface Crowd<M> {
  readonly clock: Clock;
  readonly random: Random;
  honest(): readonly M[];
  any(of: readonly M[]): M;
  join(): unknown;
  leave(member: M, how: 'goodbye' | 'vanish'): void;
}

export interface Churn {
  stop(): void;
}

/** A third of those that leave say nothing: tabs that were killed, phones that lost their network. */
const SILENT_SHARE = 1 / 3;

/**
 * Honest members come and go: each stays for an exponentially distributed time, and a newcomer takes its place at once,
 * so that the number stays what it is.
 */
export function startChurn<M>(population: Crowd<M>, halfLifeMs: number): Churn {
  const { clock, random } = population;
  let cancel: (() => void) | undefined;

  const arm = (): void => {
    const mean = halfLifeMs / Math.LN2 / population.honest().length;
    cancel = clock.after(-Math.log(1 - random.number()) * mean, () => {
      const leaving = population.any(population.honest());
      population.leave(leaving, random.number() < SILENT_SHARE ? 'vanish' : 'goodbye');
      population.join();
      arm();
    });
  };
  arm();
  return { stop: () => cancel?.() };
}
