import { LEAF_BYTES, treeHeight } from './tree.ts';

/*
 * Where a share's blocks lie. A block is a piece of one file; blocks are numbered through all files, in the order of
 * the file tree. An empty file has none.
 */
export interface FileLayout {
  readonly length: number;
  readonly firstBlock: number;
  readonly blockCount: number;
}

export interface BlockPlace {
  /** Number of the file, in the order of the file tree. */
  readonly file: number;
  /** Where in the file the block begins. */
  readonly offset: number;
  readonly length: number;
  /** Height of the block's tree: what its leaves are filled up to before its id is taken. */
  readonly height: number;
}

/** Below this the cost of each request and each stored value outweighs the transfer. */
const MIN_SHARED_PIECE_LENGTH = 256 * 1024;
/** From so many bytes on that cost counts for more than how soon the first block is there. */
const LARGE_SHARE_BYTES = 128 * 1024 * 1024;
const MIN_LARGE_PIECE_LENGTH = 512 * 1024;
/** Whole blocks pass through memory, several at once. */
const MAX_PIECE_LENGTH = 64 * 1024 * 1024;
/** Keeps hashes, bitmaps and requests of a share small: 16,384 block hashes are 512 KiB. */
const TARGET_BLOCKS = 16_384;

/** The piece length of a new share of so many bytes. */
export function choosePieceLength(totalBytes: number): number {
  let length = totalBytes < LARGE_SHARE_BYTES ? MIN_SHARED_PIECE_LENGTH : MIN_LARGE_PIECE_LENGTH;
  while (length < MAX_PIECE_LENGTH && totalBytes / length > TARGET_BLOCKS) length *= 2;
  return length;
}

export function isPieceLength(length: number): boolean {
  return length >= LEAF_BYTES && length <= MAX_PIECE_LENGTH && Number.isInteger(Math.log2(length));
}

export function layOut(lengths: readonly number[], pieceLength: number): FileLayout[] {
  let firstBlock = 0;
  return lengths.map((length) => {
    const blockCount = Math.ceil(length / pieceLength);
    const file = { length, firstBlock, blockCount };
    firstBlock += blockCount;
    return file;
  });
}

/** Height of the tree of each block of a file: a file within one block is filled up to its own leaves only. */
export function blockHeight(fileLength: number, pieceLength: number): number {
  return treeHeight(Math.ceil(Math.min(fileLength, pieceLength) / LEAF_BYTES));
}

/** Block `index` of the share; undefined where it has no such block. */
export function placeOf(
  { files, pieceLength }: { readonly files: readonly FileLayout[]; readonly pieceLength: number },
  index: number,
): BlockPlace | undefined {
  const number = fileOfBlock(files, index);
  const file = files[number];
  if (!file || index < file.firstBlock || index >= file.firstBlock + file.blockCount) return undefined;
  const offset = (index - file.firstBlock) * pieceLength;
  return {
    file: number,
    offset,
    length: Math.min(pieceLength, file.length - offset),
    height: blockHeight(file.length, pieceLength),
  };
}

/** The last file that begins at or before the block: the one that holds it, as empty files only ever precede it. */
function fileOfBlock(files: readonly FileLayout[], index: number): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((files[middle] as FileLayout).firstBlock <= index) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
