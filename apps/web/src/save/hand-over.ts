import type { Resources } from '../resources/resources.ts';
import type { PageDownloads } from './page-downloads.ts';
import { HandOverEndedError, TooLargeToSaveError } from './problems.ts';
import { pump, type PumpOptions, type SourceFile } from './source.ts';

/** What a browser without service workers may be asked to gather before it saves it. */
const BLOB_LIMIT_BYTES = 256 * 1024 * 1024;

/** How long the last bytes may be on their way to the browser's downloads. */
const LINGER_MS = 60_000;

export interface HandOverParts {
  /** Gives a file an address; rejects with a NoServiceWorkerError where the browser cannot. */
  readonly resources: Pick<Resources, 'publish'>;
  readonly downloads: PageDownloads;
}

/**
 * Hands a file to the browser's own downloads while it arrives, with its name and length. Resolves when the browser has
 * taken all of it. Throws a HandOverEndedError where it leaves off, and as `pump` does.
 */
export async function handOver(
  { resources, downloads }: HandOverParts,
  file: SourceFile,
  options: PumpOptions,
): Promise<void> {
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
  try {
    await passage.done;
  } catch (cause) {
    tidyUp();
    throw cause;
  }
  // All has been taken out of our hands, but for what is on its way through the service worker.
  setTimeout(tidyUp, LINGER_MS);
}

/** A stream whose reader is somebody else: `done` settles with what becomes of it. */
function createPassage(
  file: SourceFile,
  { signal, onBytes }: PumpOptions,
): { readonly open: () => ReadableStream<Uint8Array>; readonly done: Promise<void> } {
  let settle: { resolve: () => void; reject: (cause: unknown) => void } | undefined;
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  signal.addEventListener('abort', () => settle?.reject(signal.reason), { once: true });
  const open = (): ReadableStream<Uint8Array> => {
    const over = new AbortController();
    const joined = AbortSignal.any([signal, over.signal]);
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array>();
    const writer = writable.getWriter();
    // Who reads may leave while we wait for what is to be read next.
    writer.closed.catch((cause: unknown) => {
      over.abort(new HandOverEndedError('the browser left off', { cause }));
    });
    const take = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
      try {
        await writer.write(bytes);
      } catch (cause) {
        throw new HandOverEndedError('the browser left off', { cause });
      }
    };
    pump(file, take, { signal: joined, onBytes })
      .then(() => writer.close())
      .then(
        () => settle?.resolve(),
        (cause: unknown) => {
          settle?.reject(cause);
          writer.abort(cause).catch(() => undefined);
        },
      );
    return readable;
  };
  return { open, done };
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
