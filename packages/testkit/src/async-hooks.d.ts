/** The part of Node that tells of asynchronous work. Declared here, as tests must not see the rest of Node's types. */
declare module 'node:async_hooks' {
  export function createHook(callbacks: {
    init(id: number, type: string): void;
    before(id: number): void;
    destroy(id: number): void;
  }): { enable(): void };
}
