/*
 * Folders and files in memory, that behave as the browser's File System Access handles do: a file is there, empty, as
 * soon as its handle is made; what is written shows when the writer is closed; names that differ are different files.
 */
export interface FakeFile {
  readonly kind: 'file';
  bytes: Uint8Array<ArrayBuffer>;
}

export interface FakeFolder {
  readonly kind: 'folder';
  readonly entries: Map<string, FakeFile | FakeFolder>;
}

export interface Disk {
  /** Bytes that still fit on it. */
  room: number;
  /** Set to have every further write refused, as when the permission is withdrawn. */
  forbidden: boolean;
  /** Files open for writing now, and the most there were. */
  open: number;
  mostOpen: number;
}

export function createDisk(): Disk {
  return { room: Infinity, forbidden: false, open: 0, mostOpen: 0 };
}

export function emptyFolder(): FakeFolder {
  return { kind: 'folder', entries: new Map() };
}

/** The handle of a folder; only what saving uses of it. */
export function folderHandle(folder: FakeFolder, name: string, disk: Disk): FileSystemDirectoryHandle {
  const child = <K extends 'file' | 'folder'>(
    kind: K,
    childName: string,
    create: boolean,
  ): Extract<FakeFile | FakeFolder, { kind: K }> => {
    const found = folder.entries.get(childName);
    if (found && found.kind !== kind) throw new DOMException('of another kind', 'TypeMismatchError');
    if (!found && !create) throw new DOMException('not there', 'NotFoundError');
    const made: FakeFile | FakeFolder =
      found ?? (kind === 'file' ? { kind: 'file', bytes: new Uint8Array() } : emptyFolder());
    folder.entries.set(childName, made);
    return made as Extract<FakeFile | FakeFolder, { kind: K }>;
  };
  const handle = {
    kind: 'directory',
    name,
    async getDirectoryHandle(childName: string, { create = false } = {}) {
      return folderHandle(child('folder', childName, create), childName, disk);
    },
    async getFileHandle(childName: string, { create = false } = {}) {
      const remove = (): void => void folder.entries.delete(childName);
      return fileHandle(child('file', childName, create), childName, disk, remove);
    },
    async removeEntry(childName: string) {
      if (!folder.entries.has(childName)) throw new DOMException('not there', 'NotFoundError');
      folder.entries.delete(childName);
    },
  };
  return handle as unknown as FileSystemDirectoryHandle;
}

export function fileHandle(
  file: FakeFile,
  name: string,
  disk: Disk,
  remove: () => void = () => undefined,
): FileSystemFileHandle {
  const handle = {
    kind: 'file',
    name,
    getFile: async () => new File([file.bytes], name),
    remove: async () => remove(),
    async createWritable() {
      if (disk.forbidden) throw new DOMException('not allowed', 'NotAllowedError');
      disk.open += 1;
      disk.mostOpen = Math.max(disk.mostOpen, disk.open);
      const parts: Uint8Array<ArrayBuffer>[] = [];
      return {
        async write(part: Uint8Array<ArrayBuffer> | string) {
          const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
          if (disk.forbidden) throw new DOMException('not allowed', 'NotAllowedError');
          if (bytes.byteLength > disk.room) throw new DOMException('full', 'QuotaExceededError');
          disk.room -= bytes.byteLength;
          parts.push(bytes);
        },
        async close() {
          disk.open -= 1;
          file.bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
        },
        async abort() {
          disk.open -= 1;
        },
      };
    },
  };
  return handle as unknown as FileSystemFileHandle;
}

/** Contents by path, as text; folders that hold nothing are not among them. */
export function listOf(folder: FakeFolder, above = ''): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, entry] of folder.entries) {
    if (entry.kind === 'folder') Object.assign(out, listOf(entry, `${above}${name}/`));
    else out[`${above}${name}`] = new TextDecoder().decode(entry.bytes);
  }
  return out;
}
