import type { Clock } from '@tabswarm/base';
import type { Resources } from '../resources/resources.ts';
import type { PageDownloads } from './page-downloads.ts';
import { HandOverEndedError, TooLargeToSaveError } from './problems.ts';
import { pump, type PumpOptions, type SourceFile } from './source.ts';

/** What a browser without service workers may be asked to gather before it saves it. */
const BLOB_LIMIT_BYTES = 256 * 1024 * 1024;

/** A browser that has not begun to fetch it by then will not: the worker starts in less, and waits for 5 s at most. */
const BEGIN_LIMIT_MS = 30_000;

/** How long the last bytes, which the worker has passed on by then, may be on their way to the browser's downloads. */
const LINGER_MS = 60_000;

export interface HandOverParts {
  /** Gives a file an address; rejects with a NoServiceWorkerError where the browser cannot. */
  readonly resources: Pick<Resources, 'publish'>;
  readonly downloads: PageDownloads;
  readonly clock: Clock;
}

/**
 * Hands a file to the browser's own downloads while it arrives, with its name and length. Resolves when the browser has
 * come to its end. Throws a HandOverEndedError where it does not begin or leaves off, and as `pump` does.
 */
export async function handOver(
  { resources, downloads, clock }: HandOverParts,
  file: SourceFile,
  options: PumpOptions,
): Promise<void> {
  if (file.length === 0) {
    // The worker answers by itself where there are no bytes, and nothing would tell when that is done.
    await handOverBlob(downloads, file, options);
    return;
  }
  const name = file.path.at(-1) ?? '';
  const passage = createPassage(file, options);
  let published;
  try {
    const { type, length } = file;
    const { open } = passage;
    published = await resources.publish({ name, type, length, use: 'download', seekable: false, open });
  } catch (cause) {
    if (!(cause instanceof Error && cause.name === 'NoServiceWorkerError')) throw cause;
    await handOverBlob(downloads, file, options);
    return;
  }
  const removeFrame = downloads.fromAddress(published.url);
  const tidyUp = (): void => {
    removeFrame();
    published.close();
  };
  const callOff = clock.after(BEGIN_LIMIT_MS, passage.expireUnlessOpened);
  try {
    await passage.done;
  } catch (cause) {
    tidyUp();
    throw cause;
  } finally {
    callOff();
  }
  clock.after(LINGER_MS, tidyUp);
}

/** A stream whose reader is somebody else: `done` settles with what becomes of it. */
function createPassage(
  file: SourceFile,
  { signal, onBytes }: PumpOptions,
): {
  readonly open: () => ReadableStream<Uint8Array>;
  readonly done: Promise<void>;
  readonly expireUnlessOpened: () => void;
} {
  let opened = false;
  let settle: { resolve: () => void; reject: (cause: unknown) => void } | undefined;
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // It may fail before anybody waits for it, or when nobody does any more.
  done.catch(() => undefined);
  signal.addEventListener('abort', () => settle?.reject(signal.reason), { once: true });
  const expireUnlessOpened = (): void => {
    if (opened) return;
    settle?.reject(new HandOverEndedError('the browser did not fetch it', { begun: false }));
  };
  const open = (): ReadableStream<Uint8Array> => {
    opened = true;
    const over = new AbortController();
    const joined = AbortSignal.any([signal, over.signal]);
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array>();
    const writer = writable.getWriter();
    const take = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
      try {
        await writer.write(bytes);
      } catch (cause) {
        throw new HandOverEndedError('the browser left off', { cause });
      }
    };
    pump(file, take, { signal: joined, onBytes })
      .then(() => writer.close())
      .catch((cause: unknown) => {
        settle?.reject(cause);
        writer.abort(cause).catch(() => undefined);
      });
    const reader = readable.getReader();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done: ended, value } = await reader.read();
          if (!ended) {
            controller.enqueue(value);
            return;
          }
          // Whoever asks for more than the last bytes has taken those. Until then a paused download may still need us.
          controller.close();
          settle?.resolve();
        },
        async cancel(cause) {
          // They may leave while we wait for what is to be read next.
          const left = new HandOverEndedError('the browser left off', { cause });
          settle?.reject(left);
          over.abort(left);
          await reader.cancel(left);
        },
      },
      { highWaterMark: 0 },
    );
  };
  return { open, done, expireUnlessOpened };
}

/** All at once, in the browser's memory until then. */
async function handOverBlob(downloads: PageDownloads, file: SourceFile, options: PumpOptions): Promise<void> {
  if (file.length > BLOB_LIMIT_BYTES) throw new TooLargeToSaveError(BLOB_LIMIT_BYTES);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const take = (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    parts.push(bytes);
    return Promise.resolve();
  };
  await pump(file, take, options);
  downloads.fromBlob(new Blob(parts, { type: file.type }), file.path.at(-1) ?? '');
}
