import { concat, sha256, type Bytes } from '@tabswarm/protocol/bytes';
import { createSeededRandom } from '@tabswarm/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashPair } from '../src/sha256-pair.ts';
import { foldLayer, layersAbove, leafHashes, treeHeight, zeroTree } from '../src/tree.ts';
import { patternBytes } from './share.ts';

const random = createSeededRandom(52);
const ZERO = new Uint8Array(32);

/** The same root, the slow way: every hash laid out, every pair through WebCrypto. */
async function slowRoot(layer: Bytes, height: number, filling: Bytes): Promise<Bytes> {
  let hashes: Bytes[] = Array.from({ length: 2 ** height }, (_, i) => {
    const hash = layer.slice(32 * i, 32 * i + 32);
    return hash.byteLength === 32 ? hash : filling;
  });
  while (hashes.length > 1) {
    const pairs = hashes.filter((_, i) => i % 2 === 0).map((left, i) => [left, hashes[2 * i + 1] ?? ZERO]);
    hashes = await Promise.all(pairs.map((pair) => sha256(concat(...pair))));
  }
  return hashes[0] ?? ZERO;
}

describe('the hash of a pair', () => {
  it('[CT1] is SHA-256 of the two, whatever they are and wherever they stand', async () => {
    const pairs = fc.tuple(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.nat({ max: 40 }));
    await fc.assert(
      fc.asyncProperty(pairs, async ([pair, at]) => {
        const source = concat(random.bytes(at), pair, random.bytes(3));
        const target = new Uint8Array(at + 32);
        hashPair(source, at, target, at);
        expect(target.subarray(at)).toEqual(await sha256(new Uint8Array(pair)));
      }),
    );
  });
});

describe('a tree', () => {
  it('[CT1] has SHA-256 of 16 KiB each for leaves, of what is there for the last', async () => {
    const data = patternBytes(2 * 16_384 + 5, 1);
    const hashes = await leafHashes(data);
    const expected = [data.slice(0, 16_384), data.slice(16_384, 32_768), data.slice(32_768)].map(sha256);
    expect(hashes).toEqual(concat(...(await Promise.all(expected))));
  });

  it('[CT1] has the root of the layer filled up with what zero leaves come to at that height', async () => {
    for (const [count, height, base] of [
      [1, 0, 0],
      [1, 4, 0],
      [3, 2, 0],
      [5, 4, 0],
      [5, 3, 4],
      [16, 4, 0],
    ] as const) {
      const layer = random.bytes(32 * count);
      const filling = await slowRoot(ZERO, base, ZERO);
      expect(foldLayer(layer, height, base)).toEqual(await slowRoot(layer, height, filling));
      expect(zeroTree(base)).toEqual(filling);
    }
  });

  it('[CT1] has in its upper layers what folding comes to', () => {
    const layer = random.bytes(32 * 11);
    expect(layersAbove(layer, 4).at(-1)).toEqual(foldLayer(layer, 4, 4));
    expect(layersAbove(layer, 4).map(({ byteLength }) => byteLength / 32)).toEqual([11, 6, 3, 2, 1]);
  });

  it('[CT1] is as high as its leaves need', () => {
    expect([1, 2, 3, 4, 5, 16, 17, 16_384, 16_385].map(treeHeight)).toEqual([0, 1, 2, 2, 3, 4, 5, 14, 15]);
  });
});
