import { hasBit } from '@tabswarm/swarm';
import { namingOf, priorityOf } from './choice.ts';
import { fileSpans, type Span } from './file-blocks.ts';
import type { Share } from './shares.ts';
import type { FilePriority, FileView } from './vault.ts';

/** One file of a share, as a list shows it. */
export interface FileStatus extends FileView {
  readonly priority: FilePriority;
  /** Bytes of its blocks that are here: all of its length where it can be opened. */
  readonly keptBytes: number;
}

/** So many of a share's files from number `first` on; a list does not show thousands at once. */
export function fileStatuses({ view, have }: Share, first: number, count: number): FileStatus[] {
  const { metainfo, choice } = view;
  if (!metainfo) return [];
  const spans = fileSpans(metainfo).slice(first, first + count);
  const naming = namingOf(view);
  return metainfo.files.slice(first, first + count).map(({ path, length, type }, i) => {
    const span = spans[i] as Span;
    let keptBytes = 0;
    for (let index = span.first; index < span.end; index += 1)
      if (hasBit(have, index)) keptBytes += metainfo.blockLengths[index] ?? 0;
    return { path, length, type, priority: priorityOf(choice, path, naming), keptBytes };
  });
}
