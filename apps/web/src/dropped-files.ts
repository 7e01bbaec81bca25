import type { SourceFile } from '@tabswarm/node';

/** Files as an input or a script gives them; one chosen with its folder keeps its place in it. */
export function sourceFiles(files: Iterable<File>): SourceFile[] {
  return [...files].map((file) => ({
    path: file.webkitRelativePath === '' ? [file.name] : file.webkitRelativePath.split('/'),
    file,
  }));
}

/** Files and folders dropped on the page. Must be called while the drop event is being handled. */
export async function droppedFiles(data: DataTransfer): Promise<SourceFile[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return sourceFiles(data.files);
  const found = await Promise.all(entries.map((entry) => walk(entry, [])));
  return found.flat();
}

async function walk(entry: FileSystemEntry, above: readonly string[]): Promise<SourceFile[]> {
  const path = [...above, entry.name];
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ path, file }];
  }
  if (!isDirectory(entry)) return [];
  const reader = entry.createReader();
  const children: FileSystemEntry[] = [];
  // A reader gives the entries in batches, and an empty one at the end.
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) break;
    children.push(...batch);
  }
  const found = await Promise.all(children.map((child) => walk(child, path)));
  return found.flat();
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
