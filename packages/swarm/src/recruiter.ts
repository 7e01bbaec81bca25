import { abortable, errorText, every, type Clock, type Log } from '@tabswarm/base';
import { UnreachableError } from '@tabswarm/net';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { FetchEvent } from './events.ts';
import type { Port } from './port.ts';

/** Sources of one share that are linked to, and how many of them are being linked to at once. */
const MAX_SOURCES = 8;
const MAX_REACHING = 4;
/**
 * Where more are known, one more is linked to so often, up to so many more: it may be faster than one of the others. So
 * often it is also where so many are linked to, however many of them only say that they have what we lack.
 */
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
  /** Sources that say that they hold something we lack, and those of them who do not only say so. */
  readonly count: () => { readonly claiming: number; readonly useful: number };
  /** It gave nothing, and is not linked to again for now. */
  readonly isSpent: (node: NodeId) => boolean;
  /** Lets go of a source that gives nothing, where there is no room for one more link or source. */
  readonly makeRoomFor: (node: NodeId) => void;
  /** Resolves when a source has come or gone, or tells of more; `changed` says so. */
  readonly change: () => Promise<void>;
  readonly changed: () => void;
  readonly add: (port: Port) => void;
  readonly emit: (event: FetchEvent) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export function createRecruiter(collaborators: RecruiterCollaborators): Recruiter {
  const { reach, banned, isJoined, isSpent, count, makeRoomFor } = collaborators;
  const { change, changed, add, emit, clock, log } = collaborators;
  const reaching = new Set<NodeId>();
  let maxSources = MAX_SOURCES;
  /** One may be linked to although there are many. */
  let mayAddOne = false;

  const isFull = (): boolean => {
    const { claiming, useful } = count();
    if (reaching.size >= MAX_REACHING || useful + reaching.size >= maxSources) return true;
    return claiming + reaching.size >= MAX_SOURCES + MAX_MORE_SOURCES && !mayAddOne;
  };

  const link = async (node: NodeId, signal: AbortSignal): Promise<void> => {
    mayAddOne = false;
    reaching.add(node);
    emit({ type: 'reaching', peer: node });
    makeRoomFor(node);
    try {
      // By a signal of its own, as each of these waits for several things, and much else waits on that of the fetch.
      add(await reach(node, AbortSignal.any([signal])));
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

  const isNoCandidate = (node: NodeId): boolean => isJoined(node) || reaching.has(node) || isSpent(node);

  const oneMore = (): void => {
    mayAddOne = true;
    if (count().useful >= maxSources) maxSources = Math.min(maxSources + 1, MAX_SOURCES + MAX_MORE_SOURCES);
    changed();
  };

  return {
    start({ signal }) {
      every(clock, () => ONE_MORE_MS, oneMore, { signal });
    },
    async recruit(nodes, { oneByOne, signal }) {
      for await (const node of abortableIterable(nodes, signal)) {
        if (isNoCandidate(node)) continue;
        while (isFull()) await abortable(change(), signal);
        // It may have joined by itself meanwhile.
        if (isNoCandidate(node)) continue;
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
