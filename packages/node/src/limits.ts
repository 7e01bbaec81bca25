import { createListeners, errorText, type Log, type Unsubscribe } from '@tabswarm/base';
import type { TabChannel } from '@tabswarm/store';
import type { Limits } from '@tabswarm/swarm';

/** Bytes per second. Below this peers would wait too long for a part of 64 KiB to tell a slow tab from a dead one. */
export const LEAST_LIMIT = 16_000;
/** More than any line carries. */
export const MOST_LIMIT = 100_000_000_000;

/** The user's limits, kept over a reload and the same in all tabs of a browser, of which each keeps them for itself. */
export interface LimitsMemory {
  read(): Limits;
  write(limits: Limits): void;
  /** Another tab has written. */
  onChange(listener: (limits: Limits) => void): Unsubscribe;
}

/** For a tab that remembers nothing. */
export const noLimitsMemory: LimitsMemory = {
  read: () => ({}),
  write: () => undefined,
  onChange: () => () => undefined,
};

const KEY = 'tabswarm limits';

/** `storage` is the browser's localStorage, which may be turned off; `tabs` carries nothing else. */
export function createLimitsMemory(storage: () => Storage, tabs: TabChannel, log: Log): LimitsMemory {
  const changes = createListeners<Limits>();
  const read = (): Limits => {
    try {
      return parse(storage().getItem(KEY));
    } catch (cause) {
      log.info('no limits can be remembered', { cause: errorText(cause) });
      return {};
    }
  };
  // What was written, and not read from the storage: that of another process may be behind.
  tabs.onMessage((message) => {
    if (typeof message === 'string') changes.emit(parse(message));
  });

  return {
    read,
    write({ up, down }) {
      const text = `${up ?? ''} ${down ?? ''}`;
      tabs.post(text);
      try {
        storage().setItem(KEY, text);
      } catch (cause) {
        log.info('the limits cannot be remembered', { cause: errorText(cause) });
      }
    },
    onChange: (listener) => changes.subscribe(listener),
  };
}

/** Throws a RangeError for what is no limit, with a message for people. */
export function checkedLimits({ up, down }: Limits): Limits {
  for (const limit of [up, down]) {
    if (limit !== undefined && !(limit >= LEAST_LIMIT && limit <= MOST_LIMIT)) {
      throw new RangeError(`A limit is a number of bytes per second, from ${LEAST_LIMIT} to ${MOST_LIMIT}.`);
    }
  }
  return { up: up && Math.round(up), down: down && Math.round(down) };
}

function limit(digits: string | undefined): number | undefined {
  return digits ? Math.max(LEAST_LIMIT, Number(digits)) : undefined;
}

function parse(text: string | null): Limits {
  const found = text?.match(/^(\d{0,15}) (\d{0,15})$/);
  return { up: limit(found?.[1]), down: limit(found?.[2]) };
}
