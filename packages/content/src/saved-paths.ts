import { utf8 } from '@tabswarm/protocol/bytes';
import { MAX_SAVED_NAME_BYTES, nameKey, numberedName, savedName, type NameChange } from './saved-name.ts';

export interface SavedPath {
  /** Relative to the folder that was chosen, and never outside it. */
  readonly path: readonly string[];
  /** Why it differs from the path that it was made from; empty where it does not. */
  readonly changes: readonly NameChange[];
}

/** macOS takes 1,024 bytes in all; the rest is for the folder that was chosen. */
const MAX_SAVED_PATH_BYTES = 800;
/** As little as a name may have to make do with in a deep folder. 32 of them, and what parts them, fit in. */
const MIN_NAME_BYTES = 16;

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: { readonly name: string; readonly index: number }[];
  /** Folders in one another below this one, the files' level included. */
  height: number;
}

interface Claim {
  readonly name: string;
  readonly limit: number;
  readonly take: (name: string, changes: readonly NameChange[]) => void;
}

interface Wish {
  readonly claim: Claim;
  readonly name: string;
  readonly changes: readonly NameChange[];
}

/**
 * Where the files of a share are saved, one path for each, in the order given: names that every system in use can hold,
 * no two of which any system takes for the same. What is like that already stays as it is.
 */
export function savedPaths(paths: readonly (readonly string[])[]): SavedPath[] {
  const out: SavedPath[] = Array.from({ length: paths.length }, () => ({ path: ['_'], changes: [] }));
  settle(treeOf(paths), { path: [], changes: [], room: MAX_SAVED_PATH_BYTES }, out);
  return out;
}

function treeOf(paths: readonly (readonly string[])[]): Folder {
  const top = emptyFolder();
  for (const [index, path] of paths.entries()) {
    let folder = top;
    top.height = Math.max(top.height, path.length);
    for (const [depth, name] of path.slice(0, -1).entries()) {
      const inner = folder.folders.get(name) ?? emptyFolder();
      folder.folders.set(name, inner);
      inner.height = Math.max(inner.height, path.length - depth - 1);
      folder = inner;
    }
    folder.files.push({ name: path.at(-1) ?? '', index });
  }
  return top;
}

function emptyFolder(): Folder {
  return { folders: new Map(), files: [], height: 1 };
}

/** Names everything in a folder, and then what is in its folders. */
function settle(folder: Folder, above: SavedPath & { readonly room: number }, out: SavedPath[]): void {
  const at = (name: string, changes: readonly NameChange[]): SavedPath => ({
    path: [...above.path, name],
    changes: [...new Set([...above.changes, ...changes])],
  });
  const inner: (() => void)[] = [];
  const claims: Claim[] = [];
  for (const [name, child] of folder.folders) {
    const take: Claim['take'] = (saved, changes) => {
      const room = above.room - utf8(saved).byteLength - 1;
      inner.push(() => settle(child, { ...at(saved, changes), room }, out));
    };
    claims.push({ name, limit: limitOf(above.room, child.height), take });
  }
  for (const { name, index } of folder.files) {
    const take: Claim['take'] = (saved, changes) => {
      out[index] = at(saved, changes);
    };
    claims.push({ name, limit: limitOf(above.room, 0), take });
  }
  settleClaims(claims);
  for (const next of inner) next();
}

/** Bytes for a name where so many levels must still fit in below it. */
function limitOf(room: number, levelsBelow: number): number {
  const rest = room - levelsBelow * (MIN_NAME_BYTES + 1);
  return Math.max(MIN_NAME_BYTES, Math.min(MAX_SAVED_NAME_BYTES, rest));
}

/** Names that need no change keep theirs before any is given to another: so what has been settled once stays. */
function settleClaims(claims: readonly Claim[]): void {
  const taken = new Set<string>();
  const take = (claim: Claim, name: string, changes: readonly NameChange[]): void => {
    taken.add(nameKey(name));
    claim.take(name, changes);
  };
  const unchanged: Wish[] = [];
  const changed: Wish[] = [];
  for (const claim of claims) {
    const { name, changes } = savedName(claim.name, claim.limit);
    (changes.length === 0 ? unchanged : changed).push({ claim, name, changes });
  }
  const rest: Wish[] = [];
  for (const wish of unchanged) {
    if (taken.has(nameKey(wish.name))) rest.push(wish);
    else take(wish.claim, wish.name, []);
  }
  /** The number to try next, so that thousands of equal names do not each try all of them. */
  const numbers = new Map<string, number>();
  for (const { claim, name, changes } of [...rest, ...changed]) {
    const key = nameKey(name);
    let own = name;
    let number = numbers.get(key) ?? 2;
    for (; taken.has(nameKey(own)); number += 1) own = numberedName(name, number, claim.limit);
    numbers.set(key, number);
    take(claim, own, own === name ? changes : [...changes, 'same-name']);
  }
}
