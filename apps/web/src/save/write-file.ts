import { pump, type PumpOptions, type SourceFile } from './source.ts';

/** Newer browsers can remove a file by its handle; the types lag behind. */
interface RemovableHandle extends FileSystemFileHandle {
  readonly remove?: () => Promise<void>;
}

/**
 * Writes a file as it arrives. The browser keeps what is written beside the file and puts it in its place at the end, so
 * until then whatever was there stays there, and a file cut off never looks like a whole one. (Of a file that was chosen in
 * the browser's dialog nothing is there by then: the dialog empties it, after asking.)
 */
export async function writeFile(
  handle: FileSystemFileHandle,
  file: SourceFile,
  options: PumpOptions,
): Promise<void> {
  try {
    const writable = await handle.createWritable();
    try {
      await pump(file, (bytes) => writable.write(bytes), options);
      await writable.close();
    } catch (cause) {
      // What was written goes; that it may have gone already is no news.
      await writable.abort(cause).catch(() => undefined);
      throw cause;
    }
  } catch (cause) {
    await removeIfEmpty(handle);
    throw cause;
  }
}

/** The browser makes an empty file as soon as a place is chosen; it is of no use to anybody when nothing comes of it. */
async function removeIfEmpty(handle: RemovableHandle): Promise<void> {
  try {
    if ((await handle.getFile()).size === 0) await handle.remove?.();
  } catch {
    // The place is gone or may not be written to any more, which is what the caller is about to be told.
  }
}
