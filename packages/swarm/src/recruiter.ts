import { abortable, errorText, every, type Clock, type Log } from '@tabswarm/base';
import { UnreachableError } from '@tabswarm/net';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { FetchEvent } from './events.ts';
import type { Port } from './port.ts';

/** Sources of one share that are linked to, and how many of them are being linked to at once. */
const MAX_SOURCES = 8;
const MAX_REACHING = 4;
/** Where more are known, one more is linked to so often, up to so many more: it may be faster than one of the others. */
const ONE_MORE_MS = 5_000;
const MAX_MORE_SOURCES = 8;

/** Links to nodes that are said to take part in a share, as long as there is room for sources. */
export interface Recruiter {
  start(options: { readonly signal: AbortSignal }): void;
  /** Takes no more of the nodes than there is room for; `oneByOne`: and waits for each before it takes the next. */
  recruit(
    nodes: AsyncIterable<NodeId>,
    options: { readonly oneByOne: boolean; readonly signal: AbortSignal },
  ): Promise<void>;
}

export interface RecruiterCollaborators {
  readonly reach: (node: NodeId, signal: AbortSignal) => Promise<Port>;
  readonly banned: (node: NodeId) => boolean;
  readonly isJoined: (node: NodeId) => boolean;
  /** Sources that hold something we lack. */
  readonly countUseful: () => number;
  /** Resolves when a source has come or gone, or tells of more; `changed` says so. */
  readonly change: () => Promise<void>;
  readonly changed: () => void;
  readonly add: (port: Port) => void;
  readonly emit: (event: FetchEvent) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export function createRecruiter(collaborators: RecruiterCollaborators): Recruiter {
  const { reach, banned, isJoined, countUseful, change, changed, add, emit, clock, log } = collaborators;
  const reaching = new Set<NodeId>();
  let maxSources = MAX_SOURCES;

  const isFull = (): boolean => countUseful() + reaching.size >= maxSources || reaching.size >= MAX_REACHING;

  const link = async (node: NodeId, signal: AbortSignal): Promise<void> => {
    reaching.add(node);
    emit({ type: 'reaching', peer: node });
    try {
      add(await reach(node, signal));
    } catch (cause) {
      if (signal.aborted) return;
      const reason = cause instanceof UnreachableError ? cause.reason : 'not-holding';
      log.info('not a source', { peer: node, cause: errorText(cause) });
      emit({ type: 'unreachable', peer: node, reason });
    } finally {
      reaching.delete(node);
      changed();
    }
  };

  const oneMore = (): void => {
    if (countUseful() < maxSources) return;
    maxSources = Math.min(maxSources + 1, MAX_SOURCES + MAX_MORE_SOURCES);
    changed();
  };

  return {
    start({ signal }) {
      every(clock, () => ONE_MORE_MS, oneMore, { signal });
    },
    async recruit(nodes, { oneByOne, signal }) {
      for await (const node of abortableIterable(nodes, signal)) {
        if (isJoined(node) || reaching.has(node)) continue;
        while (isFull()) await abortable(change(), signal);
        // It may have joined by itself meanwhile.
        if (isJoined(node) || reaching.has(node)) continue;
        if (banned(node)) {
          emit({ type: 'banned', peer: node, what: 'before' });
          continue;
        }
        const linked = link(node, signal);
        if (oneByOne) await linked;
      }
    },
  };
}

/** The items of an iterable until the signal aborts, whatever the iterable is waiting for. */
async function* abortableIterable<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await abortable(iterator.next(), signal);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Not awaited: a generator that is waiting for the network cannot return before that ends.
    iterator.return?.()?.catch(() => undefined);
  }
}
