import type { Node, SourceFile } from '@tabswarm/node';

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

/**
 * Lists what torrent files name. What came together with a single one are its files: they are checked, and served
 * instead of fetched. Rejects with an error whose message is for people.
 */
export async function openTorrents(
  node: Pick<Node, 'addTorrent' | 'supply'>,
  torrents: readonly SourceFile[],
  others: readonly SourceFile[],
): Promise<void> {
  for (const { file } of torrents) {
    const root = await node.addTorrent(file);
    if (others.length > 0) await node.supply(root, others);
  }
}
