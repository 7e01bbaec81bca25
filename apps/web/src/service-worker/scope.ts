/*
 * As much of a service worker's surroundings as is used here: TypeScript describes them only for projects without a DOM.
 */
export interface WorkerScope {
  readonly registration: { readonly scope: string };
  readonly clients: WorkerClients;
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: WaitingEvent) => void): void;
  addEventListener(
    type: 'message',
    listener: (event: WaitingEvent & { readonly data: unknown }) => void,
  ): void;
  addEventListener(type: 'fetch', listener: (event: RequestEvent) => void): void;
}

export interface WaitingEvent {
  /** The worker is not stopped before that is settled, for some minutes. */
  waitUntil(work: Promise<unknown>): void;
}

export interface RequestEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

export interface WorkerClients {
  matchAll(options: {
    readonly type: 'window';
    readonly includeUncontrolled: boolean;
  }): Promise<readonly WorkerClient[]>;
  get(id: string): Promise<WorkerClient | undefined>;
  claim(): Promise<void>;
}

/** A page of this site. */
export interface WorkerClient {
  readonly id: string;
  readonly url: string;
  postMessage(message: unknown, transfer: Transferable[]): void;
}
