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

/** The choice with these files changed; all of them without `paths`. Undefined where every file is wanted alike. */
export function chosen(
  before: FileChoice | undefined,
  priority: FilePriority,
  paths?: readonly Path[],
): FileChoice | undefined {
  if (!paths) return priority === 'normal' ? undefined : { others: priority, files: new Map() };
  const others = before?.others ?? 'normal';
  const files = new Map(before?.files);
  for (const path of paths) files.set(path.join('/'), priority);
  for (const [path, one] of files) if (one === others) files.delete(path);
  return files.size === 0 && others === 'normal' ? undefined : { others, files };
}

/** Only these. */
export function onlyThese(paths: readonly Path[]): FileChoice {
  return chosen({ others: 'skip', files: new Map() }, 'normal', paths) as FileChoice;
}

/** The share's own name may stand before a path that was chosen. */
export function priorityOf(
  choice: FileChoice | undefined,
  path: Path,
  shareName: string | undefined,
): FilePriority {
  if (!choice) return 'normal';
  const key = path.join('/');
  return choice.files.get(key) ?? choice.files.get(`${shareName ?? ''}/${key}`) ?? choice.others;
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
  const { choice, metainfo, keyState, name } = view;
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
  let count = 0;
  let bytes = 0;
  for (const [number, { path, length }] of files.entries()) {
    const priority = priorityOf(choice, path, name);
    const { first, end } = spans[number] as Span;
    priorities.fill(BLOCK_PRIORITY[priority], first, end);
    if (priority === 'skip') continue;
    count += 1;
    bytes += length;
  }
  return { priorities, files: count, bytes };
}
