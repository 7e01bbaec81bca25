import type { Random } from '@tabswarm/base';

const MAX_MARKER_BYTES = 4 * 1024;
const KEY_BYTES = 16;
/** Held by a tab that looks for a folder or leaves one, so that no two find the same. */
const CLAIMING = 'tabswarm saving';

export interface FolderParts {
  readonly locks: LockManager;
  readonly random: Random;
}

/** A folder that nothing else is saved into, in any tab. */
export interface Claim {
  readonly folder: FileSystemDirectoryHandle;
  /** All is in it: takes its marker away. */
  complete(): Promise<void>;
  /** Nothing more is written into it by this claim. */
  leave(): void;
}

/**
 * The folder for this share, marked: a new one, or one that an earlier attempt was interrupted in. What tells such a one
 * from one that is still being saved into is a lock, called by a key in the marker: it goes with the tab that holds it.
 */
export function claimFolder(
  chosen: FileSystemDirectoryHandle,
  { name, marker, id }: { readonly name: string; readonly marker: string; readonly id: string },
  { locks, random }: FolderParts,
): Promise<Claim> {
  const claimOf = (folder: FileSystemDirectoryHandle, leave: () => void): Claim => ({
    folder,
    leave,
    // That somebody has taken the marker away is no harm: all is there.
    complete: async () => {
      await locks.request(CLAIMING, () => find(() => folder.removeEntry(marker)));
    },
  });
  const create = async (candidate: string): Promise<Claim | undefined> => {
    const key = Array.from(random.bytes(KEY_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('');
    const leave = await takeLock(locks, key);
    if (!leave) return undefined;
    try {
      const folder = await chosen.getDirectoryHandle(candidate, { create: true });
      await writeText(folder, marker, markerText(id, key));
      return claimOf(folder, leave);
    } catch (cause) {
      leave();
      throw cause;
    }
  };
  const goOn = async (folder: FileSystemDirectoryHandle): Promise<Claim | undefined> => {
    const file = await find(async () => (await folder.getFileHandle(marker)).getFile());
    if (typeof file === 'string' || file.size > MAX_MARKER_BYTES) return undefined;
    const lines = (await file.text()).split('\r\n');
    const at = lines.indexOf(id);
    const leave = at < 0 ? undefined : await takeLock(locks, lines[at + 1] ?? '');
    return leave && claimOf(folder, leave);
  };
  return locks.request(CLAIMING, async () => {
    for (let number = 1; ; number += 1) {
      const candidate = number === 1 ? name : `${name} (${number})`;
      const there = await find(() => chosen.getDirectoryHandle(candidate));
      if (there === 'another') continue;
      const claim = await (there === 'nothing' ? create(candidate) : goOn(there));
      if (claim) return claim;
    }
  });
}

/** How to give the lock back; undefined where another has it. */
function takeLock(locks: LockManager, key: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    locks
      .request(`${CLAIMING} ${key}`, { ifAvailable: true }, async (lock) => {
        if (lock) await new Promise<void>((leave) => resolve(leave));
        else resolve(undefined);
      })
      .catch(reject);
  });
}

async function find<T>(look: () => Promise<T>): Promise<T | 'nothing' | 'another'> {
  try {
    return await look();
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause;
    if (cause.name === 'NotFoundError') return 'nothing';
    // A file where a folder was looked for, or the other way round.
    if (cause.name === 'TypeMismatchError') return 'another';
    throw cause;
  }
}

async function writeText(folder: FileSystemDirectoryHandle, name: string, text: string): Promise<void> {
  const handle = await folder.getFileHandle(name, { create: true });
  const writable = await handle.createWritable();
  await writable.write(text);
  await writable.close();
}

function markerText(id: string, key: string): string {
  return [
    'Tabswarm is still saving files into this folder, or was interrupted.',
    'Every file that is here and not empty is whole. To get the rest, save the share into the same place again.',
    '',
    id,
    key,
    '',
  ].join('\r\n');
}
