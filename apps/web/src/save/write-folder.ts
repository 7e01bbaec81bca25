import { claimFolder, type FolderParts } from './claim-folder.ts';
import { placesOf, type FileSet } from './places.ts';
import type { PumpOptions, SourceFile } from './source.ts';
import { holds } from './holds.ts';
import { writeFile } from './write-file.ts';

/** Opening and closing a file costs the browser some milliseconds, most of them waiting: so many at once. */
const MAX_OPEN_FILES = 8;

export interface FolderOptions extends PumpOptions, FolderParts {
  /** Tells one share from another of the same name. */
  readonly id: string;
  /** A file is in its place. */
  readonly onFile: () => void;
}

/**
 * Writes files into a folder of their own in the one that was chosen, as they arrive, each in its place as soon as it is
 * whole. A marker lies in the folder until all are. Where one that was interrupted is found, it goes on from there.
 * Answers what the folder is called.
 */
export async function writeFolder(
  chosen: FileSystemDirectoryHandle,
  set: FileSet,
  options: FolderOptions,
): Promise<string> {
  const { id, onFile, onBytes } = options;
  const { name, files } = set;
  const { places, marker } = placesOf(set);
  const claim = await claimFolder(chosen, { name: places[0]?.path[0] ?? name, marker, id }, options);
  const { folder } = claim;
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, options.signal]);
  const folders = createFolders(folder);
  const writeOne = async (file: SourceFile, path: readonly string[]): Promise<void> => {
    signal.throwIfAborted();
    const parent = await folders.at(path.slice(1, -1));
    const handle = await parent.getFileHandle(path.at(-1) ?? '', { create: true });
    if (file.length > 0 && !(await holds(handle, file, { signal, onBytes })))
      await writeFile(handle, file, { signal, onBytes });
    onFile();
  };
  let next = 0;
  const writeOnwards = async (): Promise<void> => {
    try {
      for (let file = files[next]; file; file = files[next]) {
        const path = places[next]?.path ?? [];
        next += 1;
        await writeOne(file, path);
      }
    } catch (cause) {
      over.abort(cause);
    }
  };
  try {
    // All have ended when this does, however it ends.
    await Promise.all(Array.from({ length: MAX_OPEN_FILES }, writeOnwards));
    options.signal.throwIfAborted();
    if (over.signal.aborted) throw over.signal.reason;
    await claim.complete();
  } finally {
    claim.leave();
  }
  return folder.name;
}

/** The folders inside one, each made once. */
function createFolders(top: FileSystemDirectoryHandle): {
  at(path: readonly string[]): Promise<FileSystemDirectoryHandle>;
} {
  const made = new Map<string, Promise<FileSystemDirectoryHandle>>();
  const at = (path: readonly string[]): Promise<FileSystemDirectoryHandle> => {
    const name = path.at(-1);
    if (name === undefined) return Promise.resolve(top);
    const key = path.join('/');
    const known = made.get(key);
    if (known) return known;
    const making = at(path.slice(0, -1)).then((parent) => parent.getDirectoryHandle(name, { create: true }));
    made.set(key, making);
    return making;
  };
  return { at };
}
