import { discarded } from '@tabswarm/base';
import { pump, type PumpOptions, type SourceFile } from './source.ts';

class DiffersError extends Error {
  override readonly name = 'DiffersError';
}

/**
 * Whether the file that is there is this one, and need not be written: an attempt that was interrupted has put it there
 * whole, and nobody has written to it since, nor was it lost with the machine's power. Its bytes count where it is.
 */
export async function holds(
  handle: FileSystemFileHandle,
  source: SourceFile,
  { signal, onBytes }: PumpOptions,
): Promise<boolean> {
  const file = await handle.getFile();
  if (file.size !== source.length) return false;
  let at = 0;
  const compare = async (bytes: Uint8Array<ArrayBuffer>): Promise<void> => {
    const there = await read(file.slice(at, at + bytes.byteLength));
    if (!bytes.every((byte, i) => byte === there[i])) throw new DiffersError('another file is there');
    discarded(there.byteLength);
    at += bytes.byteLength;
  };
  try {
    await pump(source, compare, { signal, onBytes });
    return true;
  } catch (cause) {
    if (!(cause instanceof DiffersError)) throw cause;
    // They are written, and count, once more.
    onBytes(-at);
    return false;
  }
}

/** Somebody may write to it just now, or take it away: then it is another. */
async function read(part: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch (cause) {
    throw new DiffersError('what is there cannot be read', { cause });
  }
}
