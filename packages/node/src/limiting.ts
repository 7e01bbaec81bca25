import type { Limits, Swarm } from '@tabswarm/swarm';
import { checkedLimits, type LimitsMemory } from './limits.ts';

/** Has the swarm keep the user's limits, also those that another tab of the browser was given. */
export interface Limiting {
  current(): Limits;
  /** Until the signal aborts. */
  start(options: { readonly signal: AbortSignal }): void;
  /** Throws a RangeError. */
  set(limits: Limits): void;
}

export interface LimitingParts {
  readonly swarm: Pick<Swarm, 'setLimits'>;
  readonly memory: LimitsMemory;
  readonly onChange: () => void;
}

export function createLimiting({ swarm, memory, onChange }: LimitingParts): Limiting {
  let current: Limits = {};
  const apply = (limits: Limits): void => {
    current = limits;
    swarm.setLimits(limits);
    onChange();
  };
  return {
    current: () => current,
    start({ signal }) {
      apply(memory.read());
      signal.addEventListener('abort', memory.onChange(apply), { once: true });
    },
    set(limits) {
      apply(checkedLimits(limits));
      memory.write(current);
    },
  };
}
