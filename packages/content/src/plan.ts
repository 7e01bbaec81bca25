import type { Bytes } from '@tabswarm/protocol/bytes';
import { MetainfoError } from './error.ts';
import { MAX_BLOCKS, MAX_FILES } from './info-decode.ts';
import { choosePieceLength, layOut } from './layout.ts';
import { decodeManifest, encodeManifest } from './manifest.ts';
import { comparePaths, MAX_NAME_BYTES, MAX_PATH_DEPTH, safeName, truncateUtf8 } from './path.ts';
import { opaqueName, SEALED_NAME } from './sealed-name.ts';
import { sharedPaths } from './shared-paths.ts';

/** A file to share, as far as it must be known before it is read. `type` is a media type, or empty. */
export interface SourceEntry {
  readonly path: readonly string[];
  readonly length: number;
  readonly type: string;
}

/** A file of the share to be made. */
export interface PlannedFile {
  /** Its place in the file tree: the opaque name where the share is sealed. */
  readonly path: readonly string[];
  readonly length: number;
  /** Which of the entries holds its bytes; absent for the manifest, whose bytes are in the plan. */
  readonly entry?: number | undefined;
}

/** All of a share's metainfo but the hashes. */
export interface SharePlan {
  /** The info dictionary's name: the opaque one where the share is sealed. */
  readonly name: string;
  /** What the person who shares sees. */
  readonly displayName: string;
  readonly pieceLength: number;
  readonly sealed: boolean;
  /** In the order of the file tree. */
  readonly files: readonly PlannedFile[];
  readonly manifest?: Bytes | undefined;
}

/**
 * Arranges files into a share. A folder that holds them all becomes the share's name, as does a single file's name.
 * Its paths are those of `sharedPaths`. Throws a MetainfoError for no files, and for more files, blocks or names of files
 * than others take.
 */
export function planShare(
  entries: readonly SourceEntry[],
  { sealed, name }: { readonly sealed: boolean; readonly name?: string | undefined },
): SharePlan {
  if (entries.length === 0) throw new MetainfoError('malformed', 'there are no files to share');
  if (entries.length >= MAX_FILES)
    throw new MetainfoError('too-large', `a share has fewer than ${MAX_FILES} files`);
  for (const { path } of entries) checkDepth(path);
  const paths = sharedPaths(entries.map(({ path }) => path)).map(({ path }) => path);
  const folder = commonFolder(paths);
  const displayName = chooseName(paths, folder, name);
  const files = paths
    .map((path, entry) => ({ path: folder === undefined ? path : path.slice(1), entry }))
    .toSorted((a, b) => comparePaths(a.path, b.path))
    .map(({ path, entry }) => ({ path, entry, length: entries[entry]?.length ?? 0 }));
  const plan = sealed ? sealPlan(displayName, files, entries) : openPlan(displayName, files);
  if (countBlocks(plan) > MAX_BLOCKS)
    throw new MetainfoError('too-large', `a share has at most ${MAX_BLOCKS} blocks`);
  return plan;
}

function openPlan(displayName: string, files: readonly PlannedFile[]): SharePlan {
  const pieceLength = choosePieceLength(totalLength(files));
  return { name: displayName, displayName, pieceLength, sealed: false, files };
}

function sealPlan(
  displayName: string,
  files: readonly (PlannedFile & { readonly entry: number })[],
  entries: readonly SourceEntry[],
): SharePlan {
  const manifest = encodeManifest({
    name: displayName,
    files: files.map(({ path, entry }) => ({ path, type: entries[entry]?.type ?? '' })),
  });
  // Others read it with the key only, so nobody else would notice that they cannot.
  decodeManifest(manifest, files.length);
  const stored: readonly PlannedFile[] = [
    { path: [opaqueName(0)], length: manifest.byteLength },
    ...files.map(({ length, entry }, i) => ({ path: [opaqueName(i + 1)], length, entry })),
  ];
  const pieceLength = choosePieceLength(totalLength(stored));
  return { name: SEALED_NAME, displayName, pieceLength, sealed: true, files: stored, manifest };
}

function checkDepth(path: readonly string[]): void {
  if (path.length === 0) throw new MetainfoError('malformed', 'a file without a name');
  // One level goes to the folder that a share of several files is saved into.
  if (path.length >= MAX_PATH_DEPTH) throw new MetainfoError('too-large', 'folders too deep in one another');
}

/** The folder that holds every file, unless taking it away would leave a lone file of the same name. */
function commonFolder(paths: readonly (readonly string[])[]): string | undefined {
  const folder = paths[0]?.[0];
  if (folder === undefined || !paths.every((path) => path.length > 1 && path[0] === folder)) return undefined;
  const ambiguous = paths.length === 1 && paths[0]?.length === 2 && paths[0][1] === folder;
  return ambiguous ? undefined : folder;
}

function chooseName(
  paths: readonly (readonly string[])[],
  folder: string | undefined,
  given: string | undefined,
): string {
  if (given !== undefined && given.trim() !== '') return safeName(given.trim());
  if (folder !== undefined) return folder;
  const tops = [...new Set(paths.map((path) => path[0] as string))];
  const first = tops[0] as string;
  if (tops.length === 1) return first;
  const suffix = ` and ${tops.length - 1} more`;
  return truncateUtf8(first, MAX_NAME_BYTES - suffix.length) + suffix;
}

function countBlocks({ files, pieceLength }: SharePlan): number {
  const last = layOut(
    files.map(({ length }) => length),
    pieceLength,
  ).at(-1);
  return last ? last.firstBlock + last.blockCount : 0;
}

function totalLength(files: readonly PlannedFile[]): number {
  return files.reduce((sum, { length }) => sum + length, 0);
}
