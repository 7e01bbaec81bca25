import { abortable, createDeferred, type Unsubscribe } from '@tabswarm/base';
import { MetainfoError, WrongKeyError } from '@tabswarm/content';
import type { Root } from '@tabswarm/protocol/ids';
import { hasBit, type Swarm, type Urge } from '@tabswarm/swarm';
import { fileAt } from './file-at.ts';
import { fileSpans, type Span } from './file-blocks.ts';
import type { Share, Shares } from './shares.ts';
import type { FileView, Vault } from './vault.ts';
import { NotFoundError } from './vault/errors.ts';

/** What is fetched ahead of a reader: some seconds of a film, and few enough that a jump in it is soon served. */
const WINDOW_BYTES = 8 * 1024 * 1024;
const MIN_WINDOW_BLOCKS = 2;
/** Given out at a time, where so much is there; or one block, where that is larger. */
const CHUNK_BYTES = 1024 * 1024;

/** A part of a file: from `start` up to `end`, in bytes; all of it where they are not given. */
export interface ReadOptions {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads files while they arrive. */
export interface Readers {
  /** As `Node.stream`. */
  stream(root: Root, path?: readonly string[], options?: ReadOptions): ReadableStream<Uint8Array>;
  /** Whether somebody reads of it what is not all here. */
  isWanted(root: Root): boolean;
}

export interface ReadersParts {
  readonly vault: Pick<Vault, 'slice' | 'shares'>;
  readonly shares: Shares;
  readonly swarm: Pick<Swarm, 'urge'>;
  /** Somebody reads, or leaves off. */
  readonly onChange: () => void;
}

interface Located {
  readonly file: FileView;
  readonly span: Span;
  readonly pieceLength: number;
}

export function createReaders({ vault, shares, swarm, onChange }: ReadersParts): Readers {
  /** What each reader is still to come to; undefined until it is known where its file is. */
  const reading = new Map<Urge, { readonly root: Root; readonly rest: Span | undefined }>();

  /** The share as it is now. Rejects with a NotFoundError where it is listed no longer. */
  const current = async (root: Root): Promise<Share | undefined> => {
    const share = shares.get(root);
    // A share that has lost blocks is gone for a moment, and then there again.
    if (share || (await vault.shares()).some((view) => view.root === root)) return share;
    throw new NotFoundError('there is no such share, or it was removed');
  };

  /** Resolves with the first answer that is not undefined, looking again whenever the share changes. */
  const whenever = async <T>(
    root: Root,
    look: (share: Share) => T | undefined,
    signal: AbortSignal,
  ): Promise<T> => {
    for (;;) {
      signal.throwIfAborted();
      const changed = nextChange(shares, root);
      try {
        const share = await current(root);
        const found = share && look(share);
        if (found !== undefined) return found;
        await abortable(changed.promise, signal);
      } finally {
        changed.stop();
      }
    }
  };

  const locate = (root: Root, path: readonly string[] | undefined, signal: AbortSignal): Promise<Located> =>
    whenever(
      root,
      ({ view: { metainfo, keyState, name } }) => {
        if (keyState === 'wrong') throw new WrongKeyError('the key in the link is not the key of this share');
        if (keyState === 'missing')
          throw new WrongKeyError('this share is private, and its key is not known');
        if (keyState === 'unreadable')
          throw new MetainfoError('malformed', 'its list of files cannot be read');
        if (!metainfo || keyState === 'unchecked') return undefined;
        const file = fileAt(metainfo.files, path, name);
        const span = file && fileSpans(metainfo)[metainfo.files.indexOf(file)];
        if (!span) throw new NotFoundError('no such file in this share');
        return { file, span, pieceLength: metainfo.pieceLength };
      },
      signal,
    );

  const stream: Readers['stream'] = (root, path, { start = 0, end = Infinity, signal } = {}) => {
    if (start < 0 || end < start) throw new RangeError('a file is read from a place in it to a later one');
    const over = new AbortController();
    const onAbort = (): void => over.abort(signal?.reason);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    const urge = swarm.urge(root);
    reading.set(urge, { root, rest: undefined });
    onChange();
    let position = start;
    let located: Located | undefined;

    const leave = (): void => {
      // One signal may be that of a folder with thousands of files.
      signal?.removeEventListener('abort', onAbort);
      urge.release();
      if (reading.delete(urge)) onChange();
    };

    /** Resolves with where what is here ends, as soon as anything is here at the position. */
    const whenHere = async ({ span, pieceLength }: Located, last: number): Promise<number> => {
      const until = span.first + Math.ceil(last / pieceLength);
      const first = span.first + Math.floor(position / pieceLength);
      const ahead = Math.max(MIN_WINDOW_BLOCKS, Math.ceil(WINDOW_BYTES / pieceLength));
      const window = { first, end: Math.min(until, first + ahead), until };
      const look = ({ have }: Share): number | undefined => {
        let next = first;
        while (next < until && hasBit(have, next)) next += 1;
        const waiting = next === first;
        urge.set({ ...window, waiting });
        const news = reading.get(urge)?.rest === undefined;
        reading.set(urge, { root, rest: { first, end: until } });
        if (news) onChange();
        return waiting ? undefined : Math.min(last, (next - span.first) * pieceLength);
      };
      return whenever(root, look, over.signal);
    };

    const isHere = ({ span, pieceLength }: Located, stop: number): boolean => {
      const have = shares.get(root)?.have ?? new Uint8Array();
      let index = span.first + Math.floor(position / pieceLength);
      while (hasBit(have, index)) index += 1;
      return (index - span.first) * pieceLength >= stop;
    };

    const next = async (): Promise<Uint8Array<ArrayBuffer> | undefined> => {
      located ??= await locate(root, path, over.signal);
      const { file, pieceLength } = located;
      const last = Math.min(end, file.length);
      while (position < last) {
        const here = await whenHere(located, last);
        const blockEnd = (Math.floor(position / pieceLength) + 1) * pieceLength;
        const stop = Math.min(here, Math.max(blockEnd, position + CHUNK_BYTES));
        try {
          const bytes = await abortable(
            vault.slice(root, file.path, { start: position, end: stop }),
            over.signal,
          );
          position = stop;
          return new Uint8Array(bytes);
        } catch (cause) {
          // The browser has lost a block that was here a moment ago: it is fetched and waited for like any other.
          if (!isIncomplete(cause) || isHere(located, stop)) throw cause;
        }
      }
      return undefined;
    };

    return new ReadableStream<Uint8Array>({
      start(controller) {
        const fail = (): void => {
          leave();
          controller.error(over.signal.reason);
        };
        if (over.signal.aborted) fail();
        else over.signal.addEventListener('abort', fail, { once: true });
      },
      async pull(controller) {
        try {
          const bytes = await next();
          if (bytes) controller.enqueue(bytes);
          else {
            leave();
            controller.close();
          }
        } catch (cause) {
          leave();
          throw cause;
        }
      },
      cancel(reason) {
        leave();
        over.abort(reason);
      },
    });
  };

  return {
    stream,
    isWanted(root) {
      const share = shares.get(root);
      if (!share) return false;
      const { metainfo, keyState } = share.view;
      return [...reading.values()].some(({ root: read, rest }) => {
        if (read !== root) return false;
        if (!rest) return !metainfo || keyState === 'unchecked';
        for (let index = rest.first; index < rest.end; index += 1)
          if (!hasBit(share.have, index)) return true;
        return false;
      });
    },
  };
}

function nextChange(shares: Shares, root: Root): { readonly promise: Promise<void>; stop: Unsubscribe } {
  const changed = createDeferred<void>();
  const stop = shares.onChange((update) => {
    if (update.root === root) changed.resolve();
  });
  return { promise: changed.promise, stop };
}

function isIncomplete(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'IncompleteError';
}
