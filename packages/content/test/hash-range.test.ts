import {
  buildFileTree,
  CorruptError,
  encodeInfo,
  HASH_BYTES,
  hashRanges,
  parseInfo,
  proveRange,
  rangeSize,
  verifyRange,
  type HashRange,
  type Info,
} from '@tabswarm/content';
import { concat, type Bytes } from '@tabswarm/protocol/bytes';
import { createSeededRandom } from '@tabswarm/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldLayer, treeHeight } from '../src/tree.ts';
import { flipBit } from './share.ts';

const PIECE_LENGTH = 16 * 1024;
const random = createSeededRandom(9);

/** A share of one file with so many blocks, whose hashes need not be of anything. */
function shareOfBlocks(count: number, pieceLength = PIECE_LENGTH): { info: Info; layer: Bytes } {
  const layer = random.bytes(count * HASH_BYTES);
  const piecesRoot = foldLayer(layer, treeHeight(count), Math.log2(pieceLength / PIECE_LENGTH));
  const files = [{ path: ['f'], length: count * pieceLength, piecesRoot }];
  return {
    info: parseInfo(encodeInfo({ name: 'f', pieceLength, sealed: false, files })),
    layer,
  };
}

const { info, layer } = shareOfBlocks(1300);
const tree = buildFileTree(info, 0, layer);

describe('block-hash ranges', () => {
  it('[CT9] have any block of a file of 10 GiB verified after some 17 KB, and not after all of its hashes', () => {
    const made = shareOfBlocks(40_960, 256 * 1024);
    expect(made.info.files[0]?.length).toBe(10 * 1024 ** 3);
    expect(made.layer.byteLength).toBe(1_310_720);
    const whole = buildFileTree(made.info, 0, made.layer);
    const [first, ...others] = hashRanges(made.info);
    for (const range of [first, others.at(-1)]) {
      const answer = proveRange(whole, range as HashRange);
      // 512 hashes, and one for each of the 7 levels from them to the root.
      expect(answer.byteLength).toBe((512 + 7) * HASH_BYTES);
      verifyRange(made.info, range as HashRange, answer);
    }
  });

  it.each([1, 2, 3, 5, 511, 512, 513, 1024, 1300])(
    '[CT9] of a file of %i blocks carry all of its hashes',
    (count) => {
      const made = shareOfBlocks(count);
      const ranges = hashRanges(made.info);
      const known = ranges.map((range) =>
        verifyRange(made.info, range, proveRange(buildFileTree(made.info, 0, made.layer), range)),
      );
      // The one hash of a file of one block is its root, and need not be asked for.
      expect(concat(...known)).toEqual(count === 1 ? new Uint8Array() : made.layer);
      expect(ranges.every((range) => range.count <= 512 && range.first % range.count === 0)).toBe(true);
    },
  );

  it('[CT9] are answered with the hashes that exist and the uncles, lowest first', () => {
    const last = { file: 0, first: 1024, count: 512 };
    const answer = proveRange(tree, last);
    expect(rangeSize(info, last)).toBe(276);
    // 2,048 places are four ranges of 512: the range beside it, which is empty, and the half before.
    expect(answer.byteLength).toBe((276 + 2) * HASH_BYTES);
    expect(answer.subarray(277 * HASH_BYTES)).toEqual(foldLayer(layer.slice(0, 1024 * HASH_BYTES), 10, 0));
  });

  it('[CT9] of larger blocks are filled up with larger trees of zeros', () => {
    const large = shareOfBlocks(5, 16 * PIECE_LENGTH);
    const range = { file: 0, first: 4, count: 1 };
    const answer = proveRange(buildFileTree(large.info, 0, large.layer), range);
    expect(answer.subarray(HASH_BYTES, 2 * HASH_BYTES)).toEqual(foldLayer(new Uint8Array(HASH_BYTES), 4, 0));
    expect(verifyRange(large.info, range, answer)).toEqual(large.layer.slice(4 * HASH_BYTES));
  });

  it('[CT9] of every size and place lead to the root', () => {
    const ranges = fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 1299 })).map(([power, at]): HashRange => {
      const count = 2 ** power;
      return { file: 0, first: at - (at % count), count };
    });
    fc.assert(
      fc.property(ranges, (range) => {
        const hashes = verifyRange(info, range, proveRange(tree, range));
        const from = range.first * HASH_BYTES;
        expect(hashes).toEqual(layer.slice(from, from + rangeSize(info, range) * HASH_BYTES));
      }),
    );
  });

  it.each<[string, HashRange]>([
    ['of no file', { file: 1, first: 0, count: 512 }],
    ['of a count that is no power of two', { file: 0, first: 0, count: 3 }],
    ['of more than 512', { file: 0, first: 0, count: 1024 }],
    ['of none', { file: 0, first: 0, count: 0 }],
    ['of half a hash', { file: 0, first: 0, count: 0.5 }],
    ['that begins between', { file: 0, first: 1, count: 2 }],
    ['before the file', { file: 0, first: -512, count: 512 }],
    ['after the file', { file: 0, first: 1536, count: 512 }],
    ['of not a number', { file: 0, first: NaN, count: 512 }],
  ])('[CT10] %s are refused', (_, range) => {
    expect(rangeSize(info, range)).toBe(0);
    expect(() => verifyRange(info, range, new Uint8Array(512 * HASH_BYTES))).toThrow(CorruptError);
  });

  it('[CT10] wider than the file are refused', () => {
    const small = shareOfBlocks(3).info;
    expect(rangeSize(small, { file: 0, first: 0, count: 4 })).toBe(3);
    expect(rangeSize(small, { file: 0, first: 0, count: 8 })).toBe(0);
  });

  it('[CT10] whose answer has a bit turned, is cut off, longer, or of another range are refused', () => {
    const range = { file: 0, first: 512, count: 512 };
    const answer = proveRange(tree, range);
    expect(verifyRange(info, range, answer)).toHaveLength(512 * HASH_BYTES);
    fc.assert(
      fc.property(fc.nat({ max: answer.byteLength * 8 - 1 }), (bit) => {
        expect(() => verifyRange(info, range, flipBit(answer, bit))).toThrow(CorruptError);
      }),
    );
    for (const other of [
      answer.slice(0, -HASH_BYTES),
      answer.slice(0, -1),
      concat(answer, new Uint8Array(HASH_BYTES)),
      new Uint8Array(),
      proveRange(tree, { ...range, first: 0 }),
    ]) {
      expect(() => verifyRange(info, range, other)).toThrow(CorruptError);
    }
  });

  it('[CT10] cannot be proved from hashes that are not the file’s', () => {
    expect(() => buildFileTree(info, 0, flipBit(layer, 77))).toThrow(CorruptError);
    expect(() => buildFileTree(info, 0, layer.slice(HASH_BYTES))).toThrow(CorruptError);
    expect(() => buildFileTree(info, 1, layer)).toThrow(CorruptError);
  });
});
