import {
  blockHashes,
  buildFileTree,
  HASH_BYTES,
  hashRanges,
  MAX_RANGE_HASHES,
  placeOf,
  rangeSize,
  type ExpectedBlock,
  type FileTree,
  type HashRange,
  type Info,
} from '@tabswarm/content';
import { idFromBytes, type BlockId } from '@tabswarm/protocol/ids';
import type { HashChunk } from '@tabswarm/store';
import { createBitmap, getBit } from './bitmap.ts';

/** A share's info dictionary, and what is known of its blocks. */
export interface Metainfo {
  readonly info: Info;
  /** Ids of all blocks; undefined where the hash has still to be fetched. */
  readonly ids: (BlockId | undefined)[];
  readonly have: Uint8Array<ArrayBuffer>;
  readonly blockLengths: Uint32Array<ArrayBuffer>;
  /** Ranges of hashes still to be fetched, by the number of their first block. */
  readonly missing: Map<number, MissingRange>;
}

interface MissingRange {
  readonly range: HashRange;
  /** Hashes of it that are not known. */
  left: number;
}

export function createMetainfo(info: Info): Metainfo {
  const ids = Array.from<BlockId | undefined>({ length: info.blockCount });
  const blockLengths = new Uint32Array(info.blockCount);
  for (const { length, firstBlock, blockCount, piecesRoot } of info.files) {
    blockLengths.fill(info.pieceLength, firstBlock, firstBlock + blockCount);
    if (blockCount === 0) continue;
    blockLengths[firstBlock + blockCount - 1] = length - (blockCount - 1) * info.pieceLength;
    // The root of a file of one block is the hash of that block.
    if (blockCount === 1 && piecesRoot) ids[firstBlock] = idFromBytes(piecesRoot);
  }
  const missing = new Map(
    hashRanges(info).map((range) => {
      const firstBlock = info.files[range.file]?.firstBlock ?? 0;
      return [firstBlock + range.first, { range, left: rangeSize(info, range) }];
    }),
  );
  return { info, ids, have: createBitmap(info.blockCount), blockLengths, missing };
}

/** Ranges of hashes still to be fetched, in the order of the blocks. */
export function missingHashes({ missing }: Metainfo): HashRange[] {
  return [...missing.values()].map(({ range }) => range);
}

/** Takes in verified hashes; answers the blocks that were not known before. */
export function addHashes(metainfo: Metainfo, { file, first, hashes }: HashChunk): number[] {
  const { info, ids, missing } = metainfo;
  const { firstBlock, blockCount } = info.files[file] ?? { firstBlock: 0, blockCount: 0 };
  const start = firstBlock + first;
  const count = Math.min(hashes.byteLength / HASH_BYTES, blockCount - first);
  const fresh: number[] = [];
  for (let i = 0; i < count; i += 1) {
    if (ids[start + i] !== undefined) continue;
    ids[start + i] = idFromBytes(hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
    fresh.push(start + i);
    const key = start + i - ((first + i) % MAX_RANGE_HASHES);
    const range = missing.get(key);
    if (range) range.left -= 1;
    if (range?.left === 0) missing.delete(key);
  }
  return fresh;
}

/** What block `index` must be; undefined where the share has no such block or its hash is not known. */
export function expectedBlock({ info, ids }: Metainfo, index: number): ExpectedBlock | undefined {
  const place = placeOf(info, index);
  const id = ids[index];
  return place && id !== undefined ? { id, length: place.length, height: place.height } : undefined;
}

/** Whether all blocks of file number `file` are kept. */
export function hasFile({ info, have }: Metainfo, file: number): boolean {
  const { firstBlock, blockCount } = info.files[file] ?? { firstBlock: 0, blockCount: 0 };
  for (let i = 0; i < blockCount; i += 1) if (!getBit(have, firstBlock + i)) return false;
  return true;
}

/** The hash tree of a file; undefined while not all of its hashes are known. */
export function treeOf({ info, ids }: Metainfo, file: number): FileTree | undefined {
  const { firstBlock, blockCount } = info.files[file] ?? { firstBlock: 0, blockCount: 0 };
  const known = ids.slice(firstBlock, firstBlock + blockCount).filter((id) => id !== undefined);
  if (known.length !== blockCount || blockCount === 0) return undefined;
  return buildFileTree(info, file, blockHashes(known));
}
