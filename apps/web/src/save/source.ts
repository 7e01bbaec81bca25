import { discarded } from '@tabswarm/base';

/** A file to be saved. */
export interface SourceFile {
  readonly path: readonly string[];
  readonly length: number;
  /** Media type, or empty. */
  readonly type: string;
  /** Its bytes in order, as they arrive. Cancelled, or its signal aborted, by whoever leaves off. */
  open(options: { readonly signal: AbortSignal }): ReadableStream<Uint8Array>;
}

/** What is to be saved could not be read: it is not the place it is saved to that is at fault. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

export interface PumpOptions {
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

/**
 * Reads a file from its beginning to its end, each part when the one before it has been taken. Throws a SourceError where
 * it cannot be read or is not as long as it should be, `signal.reason`, and whatever `take` throws.
 */
export async function pump(
  file: SourceFile,
  take: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>,
  { signal, onBytes }: PumpOptions,
): Promise<void> {
  const reader = file.open({ signal }).getReader();
  let left = file.length;
  try {
    for (;;) {
      const bytes = await nextOf(reader, signal);
      if (!bytes) break;
      // Whoever takes them may hand them on to another thread, after which they are not here any more.
      const { byteLength } = bytes;
      left -= byteLength;
      await take(bytes);
      discarded(byteLength);
      onBytes(byteLength);
      signal.throwIfAborted();
    }
  } catch (cause) {
    reader.cancel(cause).catch(() => undefined);
    throw cause;
  }
  if (left !== 0) throw new SourceError('the file was not as long as it should be');
}

async function nextOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const { value } = await reader.read();
    // What comes out of storage is never shared between threads.
    return value as Uint8Array<ArrayBuffer> | undefined;
  } catch (cause) {
    signal.throwIfAborted();
    throw new SourceError('the file could not be read', { cause });
  }
}
