/** As much of Node's own module as the simulator needs: packages see no types of Node's. */
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, work: () => R): R;
    exit<R>(work: () => R): R;
    getStore(): T | undefined;
  }
}
