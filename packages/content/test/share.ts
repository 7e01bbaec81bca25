import {
  blockHashes,
  blockHeight,
  encodeInfo,
  parseInfo,
  piecesRootOf,
  rootOf,
  VerifiedBlock,
  type Info,
} from '@tabswarm/content';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { Root } from '@tabswarm/protocol/ids';

export interface TestFile {
  readonly path: readonly string[];
  readonly data: Bytes;
}

export interface TestShare {
  readonly root: Root;
  readonly bytes: Bytes;
  readonly info: Info;
  /** Block hashes by file number. */
  readonly layers: readonly Bytes[];
}

/** The rule that the reference vectors' files were made by. */
export function patternBytes(length: number, seed: number): Bytes {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) out[i] = i * 7 + (i >> 8) * 13 + (i >> 16) * 17 + seed;
  return out;
}

/** The blocks of one file. */
export async function blocksOf(data: Bytes, pieceLength: number): Promise<VerifiedBlock[]> {
  const height = blockHeight(data.byteLength, pieceLength);
  const blocks: VerifiedBlock[] = [];
  for (let at = 0; at < data.byteLength; at += pieceLength) {
    blocks.push(await VerifiedBlock.of(data.slice(at, at + pieceLength).buffer, { height }));
  }
  return blocks;
}

/** A public share of files that stand in tree order. */
export async function shareOf(
  name: string,
  files: readonly TestFile[],
  pieceLength: number,
): Promise<TestShare> {
  const layers: Bytes[] = [];
  const infoFiles = [];
  for (const { path, data } of files) {
    const ids = (await blocksOf(data, pieceLength)).map(({ id }) => id);
    layers.push(blockHashes(ids));
    const length = data.byteLength;
    infoFiles.push({ path, length, piecesRoot: piecesRootOf(ids, { length, pieceLength }) });
  }
  const bytes = encodeInfo({ name, pieceLength, sealed: false, files: infoFiles });
  return { root: await rootOf(bytes), bytes, info: parseInfo(bytes), layers };
}

/** A copy with one bit turned. */
export function flipBit(bytes: Bytes, bit: number): Bytes {
  const out = bytes.slice();
  const at = (bit >> 3) % out.byteLength;
  out[at] = (out[at] as number) ^ (1 << (bit & 7));
  return out;
}
