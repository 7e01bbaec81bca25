import type { MetainfoView } from './vault.ts';

/** Blocks from `first` up to `end`. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/**
 * Blocks of a private share's manifest, which lies before its files: with it come the names, and the knowledge whether
 * the key is right. Zero for a public share.
 */
export function manifestBlocks({ totalBytes, files, pieceLength }: MetainfoView): number {
  const fileBytes = files.reduce((sum, { length }) => sum + length, 0);
  return Math.ceil((totalBytes - fileBytes) / pieceLength);
}

/** The blocks of each file, in the order of the files; an empty file has none. */
export function fileSpans(metainfo: MetainfoView): Span[] {
  let next = manifestBlocks(metainfo);
  return metainfo.files.map(({ length }) => {
    const first = next;
    next += Math.ceil(length / metainfo.pieceLength);
    return { first, end: next };
  });
}
