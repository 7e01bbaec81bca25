import { sha256, type Bytes } from '@tabswarm/protocol/bytes';
import { HASH_BYTES, hashPair } from './sha256-pair.ts';

/*
 * The hash tree of BEP 52. Its leaves are the SHA-256 of 16 KiB of the file each. Hashes are held side by side in one
 * array, 32 bytes each. A layer that is short of a power of two is filled up with the hash that a tree of zero leaf
 * hashes has at that height; the filling is computed as it is needed, never laid out.
 */

/** BEP 52 fixes the leaf's size. */
export const LEAF_BYTES = 16 * 1024;

/** The smallest h with 2^h >= count: the height of a tree over `count` leaves. */
export function treeHeight(count: number): number {
  return count <= 1 ? 0 : Math.ceil(Math.log2(count));
}

/** The leaves' hashes of a stretch of a file, which begins at a multiple of LEAF_BYTES. */
export async function leafHashes(data: Bytes): Promise<Bytes> {
  const count = Math.ceil(data.byteLength / LEAF_BYTES);
  // All at once: the browser hashes on several threads, and waiting for each would double the time.
  const hashes = await Promise.all(
    Array.from({ length: count }, (_, i) => sha256(data.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES))),
  );
  const out = new Uint8Array(count * HASH_BYTES);
  for (const [i, hash] of hashes.entries()) out.set(hash, i * HASH_BYTES);
  return out;
}

const zeroTrees: Bytes[] = [new Uint8Array(HASH_BYTES)];

/** The root of a tree of this height whose leaf hashes are all zero: the filling of the layer at that height. */
export function zeroTree(height: number): Bytes {
  for (let h = zeroTrees.length; h <= height; h += 1) {
    zeroTrees.push(parents(zeroTrees[h - 1] as Bytes, zeroTrees[h - 1] as Bytes));
  }
  return zeroTrees[height] as Bytes;
}

/** The layer above: `filling` takes the place of the hash that the last one lacks. */
function parents(layer: Bytes, filling: Bytes): Bytes {
  const count = layer.byteLength / HASH_BYTES;
  const above = new Uint8Array(Math.ceil(count / 2) * HASH_BYTES);
  const whole = Math.floor(count / 2);
  for (let i = 0; i < whole; i += 1) hashPair(layer, 2 * i * HASH_BYTES, above, i * HASH_BYTES);
  if (count % 2 === 1) {
    const last = new Uint8Array(2 * HASH_BYTES);
    last.set(layer.subarray(2 * whole * HASH_BYTES));
    last.set(filling, HASH_BYTES);
    hashPair(last, 0, above, whole * HASH_BYTES);
  }
  return above;
}

/** The root of the tree of `height` over the hashes of a layer that itself stands `base` above the leaves. */
export function foldLayer(layer: Bytes, height: number, base: number): Bytes {
  let current = layer;
  for (let h = 0; h < height; h += 1) current = parents(current, zeroTree(base + h));
  return current;
}

/** A layer and all above it, the root last. */
export function layersAbove(layer: Bytes, base: number): Bytes[] {
  const layers = [layer];
  for (let current = layer, h = base; current.byteLength > HASH_BYTES; h += 1) {
    current = parents(current, zeroTree(h));
    layers.push(current);
  }
  return layers;
}
