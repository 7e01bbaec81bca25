import { fromHex, join, type Bytes } from '@tabswarm/protocol/bytes';
import type { BlockId } from '@tabswarm/protocol/ids';
import { blockHeight } from './layout.ts';
import { foldLayer, treeHeight } from './tree.ts';

/** The root of a file's hash tree, from the ids of its blocks in order; undefined for an empty file. */
export function piecesRootOf(
  blocks: readonly BlockId[],
  { length, pieceLength }: { readonly length: number; readonly pieceLength: number },
): Bytes | undefined {
  if (blocks.length === 0) return undefined;
  return foldLayer(blockHashes(blocks), treeHeight(blocks.length), blockHeight(length, pieceLength));
}

/** The ids side by side, 32 bytes each: BEP 52's piece layer. */
export function blockHashes(blocks: readonly BlockId[]): Bytes {
  return join(blocks.map((id) => fromHex(id)));
}
