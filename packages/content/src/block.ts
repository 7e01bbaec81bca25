import type { Bytes } from '@tabswarm/protocol/bytes';
import { idFromBytes, type BlockId } from '@tabswarm/protocol/ids';
import { foldLayer, leafHashes } from './tree.ts';

/** What a block must be: its id, its length, and the height of the tree that leads to its id. */
export interface ExpectedBlock {
  readonly id: BlockId;
  readonly length: number;
  readonly height: number;
}

/**
 * A block together with its id, which it is known to hash to: hashing is the only way to make one. The bytes belong to
 * it from then on; whoever handed them over must not change them.
 */
export class VerifiedBlock {
  readonly id: BlockId;
  readonly data: ArrayBuffer;

  private constructor(id: BlockId, data: ArrayBuffer) {
    this.id = id;
    this.data = data;
  }

  /** Hashes a block of one's own. */
  static async of(data: ArrayBuffer, { height }: { height: number }): Promise<VerifiedBlock> {
    const id = await blockHash(new Uint8Array(data), height);
    return new VerifiedBlock(idFromBytes(id), data);
  }
}

/** The block, where the bytes are what they should be; undefined where they are not. */
export async function verifyBlock(
  data: ArrayBuffer,
  expected: ExpectedBlock,
): Promise<VerifiedBlock | undefined> {
  if (data.byteLength !== expected.length) return undefined;
  const block = await VerifiedBlock.of(data, expected);
  return block.id === expected.id ? block : undefined;
}

async function blockHash(data: Bytes, height: number): Promise<Bytes> {
  return foldLayer(await leafHashes(data), height, 0);
}
