import type { Node, Root, SourceFile } from '@tabswarm/node';

function isTorrent({ path }: SourceFile): boolean {
  return path.length === 1 && /\.torrent$/i.test(path[0] ?? '');
}

/** Torrent files that were dropped or chosen by themselves, and the rest. One in a folder is shared with the folder. */
export function splitTorrents(files: readonly SourceFile[]): {
  readonly torrents: readonly SourceFile[];
  readonly others: readonly SourceFile[];
} {
  return {
    torrents: files.filter((file) => isTorrent(file)),
    others: files.filter((file) => !isTorrent(file)),
  };
}

/** Has files checked that are here already; that somebody stops it is no failure. Rejects with an error for people. */
export async function supplyFiles(
  node: Pick<Node, 'supply'>,
  root: Root,
  files: readonly SourceFile[],
): Promise<void> {
  try {
    await node.supply(root, files);
  } catch (cause) {
    if (!(cause instanceof Error && cause.name === 'AbortError')) throw cause;
  }
}

/**
 * Lists what torrent files name, all of them before the first is supplied, which may take its time. What came together
 * with them are their files: they are checked, and served instead of fetched. One that fails stops no other. Rejects with
 * an error whose message is for people, where a torrent is refused, or the files belong to none of them.
 */
export async function openTorrents(
  node: Pick<Node, 'addTorrent' | 'supply'>,
  torrents: readonly SourceFile[],
  others: readonly SourceFile[],
): Promise<void> {
  const roots: Root[] = [];
  const refused: Error[] = [];
  for (const { file } of torrents) {
    try {
      roots.push(await node.addTorrent(file));
    } catch (cause) {
      refused.push(cause as Error);
    }
  }
  const unsupplied: Error[] = [];
  for (const root of others.length > 0 ? roots : []) {
    try {
      await supplyFiles(node, root, others);
    } catch (cause) {
      unsupplied.push(cause as Error);
    }
  }
  // That some of the files belong to one of the torrents and not to the others is as it should be.
  const [failure] = unsupplied.length < roots.length ? refused : [...refused, ...unsupplied];
  if (failure) throw failure;
}
