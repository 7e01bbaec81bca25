import { createListeners, type Unsubscribe } from './listeners.ts';

/** A value that changes and can be watched. `get` and `subscribe` fit React's `useSyncExternalStore` as they are. */
export interface State<T> {
  get(): T;
  subscribe(onChange: () => void): Unsubscribe;
}

export interface MutableState<T> extends State<T> {
  set(value: T): void;
}

export function createState<T>(initial: T): MutableState<T> {
  let current = initial;
  const changes = createListeners<void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      changes.emit();
    },
    subscribe: (onChange) => changes.subscribe(onChange),
  };
}

/** Resolves with the first value for which `accept` holds; rejects with `signal.reason` when that comes first. */
export function stateWhere<T>(
  state: State<T>,
  accept: (value: T) => boolean,
  { signal }: { signal?: AbortSignal } = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const done = (): void => {
      unsubscribe();
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      done();
      reject(signal?.reason);
    };
    const look = (): void => {
      const value = state.get();
      if (!accept(value)) return;
      done();
      resolve(value);
    };
    const unsubscribe = state.subscribe(look);
    signal?.addEventListener('abort', onAbort, { once: true });
    look();
  });
}
