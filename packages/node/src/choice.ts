import type { FileChoice, FilePriority } from '@tabswarm/store';
import { FIRST, SKIPPED, WANTED } from '@tabswarm/swarm';
import { fileSpans, manifestBlocks, type Span } from './file-blocks.ts';
import type { ShareView } from './vault.ts';

/* Which files of a share are fetched. Files are known by their paths, so that they can be chosen before there is a list. */

const BLOCK_PRIORITY: Readonly<Record<FilePriority, number>> = {
  skip: SKIPPED,
  normal: WANTED,
  first: FIRST,
};

type Path = readonly string[];

/**
 * The share's own name may stand before the path of a file that is chosen, as whoever has nothing but a link knows no
 * better; unless that is the path of another file.
 */
export interface Naming {
  /** The path that the share itself has for the file. */
  readonly own: (path: Path) => Path;
  /** The other one, that the file may have been chosen by. */
  readonly alias: (path: Path) => string | undefined;
}

const AS_NAMED: Naming = { own: (path) => path, alias: () => undefined };

/** How the files of a share are named, as far as that is known. */
export function namingOf({
  name,
  metainfo,
}: {
  readonly name?: string | undefined;
  readonly metainfo?: { readonly files: readonly { readonly path: Path }[] } | undefined;
}): Naming {
  if (name === undefined) return AS_NAMED;
  const taken = new Set(metainfo?.files.map(({ path }) => path.join('/')));
  return {
    own(path) {
      const [first, ...rest] = path;
      return first === name && !taken.has(path.join('/')) && taken.has(rest.join('/')) ? rest : path;
    },
    alias(path) {
      const alias = [name, ...path].join('/');
      return taken.has(alias) || !taken.has(path.join('/')) ? undefined : alias;
    },
  };
}

/** The choice with these files changed; all of them without `paths`. Undefined where every file is wanted alike. */
export function chosen(
  before: FileChoice | undefined,
  priority: FilePriority,
  paths?: readonly Path[],
  naming: Naming = AS_NAMED,
): FileChoice | undefined {
  if (!paths) return priority === 'normal' ? undefined : { others: priority, files: new Map() };
  const others = before?.others ?? 'normal';
  const files = new Map(before?.files);
  for (const path of paths) {
    const own = naming.own(path);
    files.delete(naming.alias(own) ?? '');
    files.set(own.join('/'), priority);
  }
  for (const [path, one] of files) if (one === others) files.delete(path);
  return files.size === 0 && others === 'normal' ? undefined : { others, files };
}

/** Only these. */
export function onlyThese(paths: readonly Path[]): FileChoice {
  return chosen({ others: 'skip', files: new Map() }, 'normal', paths) as FileChoice;
}

/** `path` is the share's own. */
export function priorityOf(choice: FileChoice | undefined, path: Path, { alias }: Naming): FilePriority {
  if (!choice) return 'normal';
  return choice.files.get(path.join('/')) ?? choice.files.get(alias(path) ?? '') ?? choice.others;
}

/** Whether it can be said which blocks are wanted: of a choice, not before the files' names are known. */
export function isChosen({ choice, metainfo, keyState }: ShareView): boolean {
  return metainfo !== undefined && (choice === undefined || keyState !== 'unchecked');
}

/** What is wanted of a share, in blocks. */
export interface Wanted {
  /** As `Holding.priorities`. */
  readonly priorities: Uint8Array | undefined;
  /** Files that are chosen, and their bytes. */
  readonly files: number;
  readonly bytes: number;
}

/** What is wanted; where it cannot be said yet, the list of names. Whoever has no key holds all of it. */
export function wantedOf(view: ShareView): Wanted {
  const { choice, metainfo, keyState } = view;
  const files = metainfo?.files ?? [];
  if (!metainfo || !choice || keyState === 'missing') {
    return {
      priorities: undefined,
      files: files.length,
      bytes: files.reduce((sum, { length }) => sum + length, 0),
    };
  }
  const priorities = new Uint8Array(metainfo.blockCount).fill(SKIPPED);
  priorities.fill(FIRST, 0, manifestBlocks(metainfo));
  if (!isChosen(view)) return { priorities, files: 0, bytes: 0 };
  const spans = fileSpans(metainfo);
  const naming = namingOf(view);
  let count = 0;
  let bytes = 0;
  for (const [number, { path, length }] of files.entries()) {
    const priority = priorityOf(choice, path, naming);
    const { first, end } = spans[number] as Span;
    priorities.fill(BLOCK_PRIORITY[priority], first, end);
    if (priority === 'skip') continue;
    count += 1;
    bytes += length;
  }
  return { priorities, files: count, bytes };
}
