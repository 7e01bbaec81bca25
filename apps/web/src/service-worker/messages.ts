/*
 * What the page and its service worker say to one another. The worker knows nothing by itself: the browser stops it when
 * it likes, so for each request it asks the pages whose resource that is, over a port of that request's own.
 */

/** Resources stand below this, next to the page: `files/<id>/<name>`. */
export const RESOURCE_PATH = 'files/';

/** `preview` is shown in the page where its type is a safe one; `download` is always saved. */
export type ResourceUse = 'preview' | 'download';

export interface ResourceFacts {
  readonly name: string;
  /** Media type. */
  readonly type: string;
  /** Bytes. */
  readonly length: number;
  /** Whether it can be read from anywhere but the beginning. */
  readonly seekable: boolean;
  readonly use: ResourceUse;
}

/** From the page to the worker. `claim`: take charge of this page. `stay`: something is being read through you. */
export interface PageMessage {
  readonly type: 'claim' | 'stay';
}

/** From the worker to every page, each with a port to answer on. */
export interface AskMessage {
  readonly type: 'ask';
  readonly id: string;
}

/** From the page over that port. `bytes` and `end` answer a `pull`; `failed` may come at any time. */
export type SourceMessage =
  | { readonly type: 'unknown' }
  | { readonly type: 'here'; readonly facts: ResourceFacts }
  | { readonly type: 'bytes'; readonly bytes: ArrayBuffer }
  | { readonly type: 'end' | 'failed' | 'ping' };

/** From the worker over that port; `end` is the first byte that is not wanted. */
export type ReadMessage =
  | { readonly type: 'open'; readonly start: number; readonly end: number }
  | { readonly type: 'pull' | 'cancel' | 'pong' };
