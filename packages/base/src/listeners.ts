export type Unsubscribe = () => void;

/** One event with its listeners. Not a bus: whoever owns the event owns one of these and hands out `subscribe`. */
export interface Listeners<T> {
  subscribe(listener: (value: T) => void): Unsubscribe;
  emit(value: T): void;
}

export function createListeners<T>(): Listeners<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    subscribe(listener) {
      // Wrapped, so that one function subscribed twice is called twice and removed once each.
      const entry = (value: T): void => listener(value);
      listeners.add(entry);
      return () => {
        listeners.delete(entry);
      };
    },
    emit(value) {
      for (const listener of [...listeners]) listener(value);
    },
  };
}
