import { concat, equalBytes, type Bytes } from '@tabswarm/protocol/bytes';
import { CorruptError } from './error.ts';
import type { Info, InfoFile } from './info.ts';
import { blockHeight, type FileLayout } from './layout.ts';
import { HASH_BYTES, hashPair } from './sha256-pair.ts';
import { foldLayer, layersAbove, treeHeight, zeroTree } from './tree.ts';

/** `count` block hashes from block `first` of file number `file` (in file tree order). BEP 52's hash request. */
export interface HashRange {
  readonly file: number;
  /** A multiple of `count`. */
  readonly first: number;
  /** A power of two, at most MAX_RANGE_HASHES. The answer has fewer hashes at the file's end. */
  readonly count: number;
}

/** BEP 52's limit, and 16 KiB of hashes. */
export const MAX_RANGE_HASHES = 512;

type LaidOutFile = InfoFile & FileLayout;

/**
 * The ranges that together hold every block hash of the share that is not already a file's root. In each file they begin
 * at the multiples of MAX_RANGE_HASHES.
 */
export function hashRanges(info: Info): HashRange[] {
  return info.files.flatMap((file, number) => {
    if (file.blockCount < 2) return [];
    const count = Math.min(MAX_RANGE_HASHES, 2 ** treeHeight(file.blockCount));
    return Array.from({ length: Math.ceil(file.blockCount / count) }, (_, i) => ({
      file: number,
      first: i * count,
      count,
    }));
  });
}

/** Hashes in a range: `count`, but for the file's end. Zero for a range that the share does not have. */
export function rangeSize(info: Info, range: HashRange): number {
  const file = info.files[range.file];
  if (!file || !isRange(file, range)) return 0;
  return Math.min(range.count, file.blockCount - range.first);
}

/** The hash tree of one file from its block hashes up; what ranges are proved from. */
export interface FileTree {
  /** The block hashes first, the root last. */
  readonly layers: readonly Bytes[];
  /** Height of the block hashes above the leaves. */
  readonly base: number;
}

/** Throws a CorruptError where the block hashes do not lead to the file's root. */
export function buildFileTree(info: Info, number: number, blockHashes: Bytes): FileTree {
  const file = info.files[number];
  if (!file?.piecesRoot || blockHashes.byteLength !== file.blockCount * HASH_BYTES) {
    throw new CorruptError('not the block hashes of this file');
  }
  const base = blockHeight(file.length, info.pieceLength);
  const layers = layersAbove(blockHashes, base);
  if (!equalBytes(layers.at(-1) as Bytes, file.piecesRoot))
    throw new CorruptError('block hashes that do not lead to the root');
  return { layers, base };
}

/** The hashes of the range, then the uncle hashes up to the file's root, lowest first. The range must be in the file. */
export function proveRange({ layers, base }: FileTree, { first, count }: HashRange): Bytes {
  const hashes = layers[0] as Bytes;
  const parts = [hashes.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES)];
  const low = treeHeight(count);
  for (let height = low, at = first / count; height < layers.length - 1; height += 1, at >>>= 1) {
    const uncle = (at ^ 1) * HASH_BYTES;
    const layer = layers[height] as Bytes;
    parts.push(
      uncle < layer.byteLength ? layer.subarray(uncle, uncle + HASH_BYTES) : zeroTree(base + height),
    );
  }
  return concat(...parts);
}

/** The hashes of the range, 32 bytes each. Throws a CorruptError for an answer that does not lead to the file's root. */
export function verifyRange(info: Info, range: HashRange, answer: Bytes): Bytes {
  const file = info.files[range.file];
  const size = rangeSize(info, range);
  if (!file?.piecesRoot || size === 0)
    throw new CorruptError('hashes of a range that the share does not have');
  const low = treeHeight(range.count);
  const uncles = treeHeight(file.blockCount) - low;
  if (answer.byteLength !== (size + uncles) * HASH_BYTES)
    throw new CorruptError('an answer of the wrong length');

  const hashes = answer.slice(0, size * HASH_BYTES);
  const base = blockHeight(file.length, info.pieceLength);
  const pair = new Uint8Array(2 * HASH_BYTES);
  let current = foldLayer(hashes, low, base);
  for (let i = 0, at = range.first / range.count; i < uncles; i += 1, at >>>= 1) {
    const uncle = answer.subarray((size + i) * HASH_BYTES, (size + i + 1) * HASH_BYTES);
    const left = at % 2 === 0;
    pair.set(left ? current : uncle);
    pair.set(left ? uncle : current, HASH_BYTES);
    current = new Uint8Array(HASH_BYTES);
    hashPair(pair, 0, current, 0);
  }
  if (!equalBytes(current, file.piecesRoot))
    throw new CorruptError('hashes that do not lead to the file root');
  return hashes;
}

function isRange(file: LaidOutFile, { first, count }: HashRange): boolean {
  return (
    file.blockCount > 1 &&
    Number.isInteger(Math.log2(count)) &&
    count >= 1 &&
    count <= MAX_RANGE_HASHES &&
    // A range wider than the file's own tree would have a root above the file's.
    treeHeight(count) <= treeHeight(file.blockCount) &&
    Number.isInteger(first / count) &&
    first >= 0 &&
    first < file.blockCount
  );
}
