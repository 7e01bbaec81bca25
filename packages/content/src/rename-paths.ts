import { utf8 } from '@tabswarm/protocol/bytes';
import { numberedName, type NameChange, type NewName } from './saved-name.ts';

/** A path whose names are as some rule wants them. */
export interface NewPath {
  readonly path: readonly string[];
  /** Why it differs from the path that it was made from; empty where it does not. */
  readonly changes: readonly NameChange[];
}

/** What names are to be like. `room` is what the whole path may still take, in bytes. */
export interface NameRule {
  readonly room: number;
  /** Bytes for a name, where so many levels must still fit in below it. */
  limit(room: number, levelsBelow: number): number;
  /** The nearest name that is allowed. Made once, it stays. */
  name(name: string, limit: number): NewName;
  /** What names that must not stand side by side have in common. */
  key(name: string): string;
}

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
 * Names every folder and file of those paths by the rule, no two of a folder alike; in the order given. What is like that
 * already stays as it is. Two files at one place, or one where a folder is, get places of their own.
 */
export function renamePaths(paths: readonly (readonly string[])[], rule: NameRule): NewPath[] {
  const out: NewPath[] = Array.from({ length: paths.length }, () => ({ path: ['_'], changes: [] }));
  settle(treeOf(paths), { path: [], changes: [], room: rule.room }, rule, out);
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
function settle(
  folder: Folder,
  above: NewPath & { readonly room: number },
  rule: NameRule,
  out: NewPath[],
): void {
  const at = (name: string, changes: readonly NameChange[]): NewPath => ({
    path: [...above.path, name],
    changes: [...new Set([...above.changes, ...changes])],
  });
  const inner: (() => void)[] = [];
  const claims: Claim[] = [];
  for (const [name, child] of folder.folders) {
    const take: Claim['take'] = (saved, changes) => {
      const room = above.room - utf8(saved).byteLength - 1;
      inner.push(() => settle(child, { ...at(saved, changes), room }, rule, out));
    };
    claims.push({ name, limit: rule.limit(above.room, child.height), take });
  }
  for (const { name, index } of folder.files) {
    const take: Claim['take'] = (saved, changes) => {
      out[index] = at(saved, changes);
    };
    claims.push({ name, limit: rule.limit(above.room, 0), take });
  }
  settleClaims(claims, rule);
  for (const next of inner) next();
}

/** Names that need no change keep theirs before any is given to another: so what has been settled once stays. */
function settleClaims(claims: readonly Claim[], rule: NameRule): void {
  const taken = new Set<string>();
  const take = (claim: Claim, name: string, changes: readonly NameChange[]): void => {
    taken.add(rule.key(name));
    claim.take(name, changes);
  };
  const unchanged: Wish[] = [];
  const changed: Wish[] = [];
  for (const claim of claims) {
    const { name, changes } = rule.name(claim.name, claim.limit);
    (changes.length === 0 ? unchanged : changed).push({ claim, name, changes });
  }
  const rest: Wish[] = [];
  for (const wish of unchanged) {
    if (taken.has(rule.key(wish.name))) rest.push(wish);
    else take(wish.claim, wish.name, []);
  }
  /** The number to try next, so that thousands of equal names do not each try all of them. */
  const numbers = new Map<string, number>();
  for (const { claim, name, changes } of [...rest, ...changed]) {
    const key = rule.key(name);
    let own = name;
    let number = numbers.get(key) ?? 2;
    for (; taken.has(rule.key(own)); number += 1) own = numberedName(name, number, claim.limit);
    numbers.set(key, number);
    take(claim, own, own === name ? changes : [...changes, 'same-name']);
  }
}
