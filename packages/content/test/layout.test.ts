import { blockHeight, choosePieceLength, placeOf } from '@tabswarm/content';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPieceLength, layOut } from '../src/layout.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

describe('piece length', () => {
  it('[CT4] is 256 KiB, from 128 MiB on 512 KiB, and doubles where a share would have more than 16,384 blocks', () => {
    expect(choosePieceLength(0)).toBe(256 * KIB);
    expect(choosePieceLength(128 * MIB - 1)).toBe(256 * KIB);
    expect(choosePieceLength(128 * MIB)).toBe(512 * KIB);
    expect(choosePieceLength(8 * GIB)).toBe(512 * KIB);
    expect(choosePieceLength(8 * GIB + 1)).toBe(1 * MIB);
    expect(choosePieceLength(64 * GIB)).toBe(4 * MIB);
    expect(choosePieceLength(2 ** 50)).toBe(64 * MIB);
  });

  it('[CT4] is a power of two from 16 KiB to 64 MiB', () => {
    for (const good of [16 * KIB, 32 * KIB, 256 * KIB, 64 * MIB]) expect(isPieceLength(good)).toBe(true);
    for (const bad of [0, -1, 1, 8 * KIB, 24 * KIB, 16 * KIB + 1, 128 * MIB, NaN, Infinity]) {
      expect(isPieceLength(bad)).toBe(false);
    }
  });
});

describe('blocks', () => {
  it('[CT3] are numbered through all files; an empty file has none', () => {
    const pieceLength = 32 * KIB;
    const files = layOut([0, 70_000, 0, 1, 0, 65_536, 0], pieceLength);
    const at = (index: number): unknown[] => {
      const place = placeOf({ files, pieceLength }, index);
      return [place?.file, place?.offset, place?.length];
    };
    expect(at(-1)).toEqual([undefined, undefined, undefined]);
    expect(at(0)).toEqual([1, 0, 32_768]);
    expect(at(1)).toEqual([1, 32_768, 32_768]);
    expect(at(2)).toEqual([1, 65_536, 4_464]);
    expect(at(3)).toEqual([3, 0, 1]);
    expect(at(4)).toEqual([5, 0, 32_768]);
    expect(at(5)).toEqual([5, 32_768, 32_768]);
    expect(at(6)).toEqual([undefined, undefined, undefined]);
  });

  it('[CT3] cover every byte of every file once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 200_000 }), { minLength: 1, maxLength: 12 }), (lengths) => {
        const pieceLength = 16 * KIB;
        const files = layOut(lengths, pieceLength);
        const covered = lengths.map(() => 0);
        for (let index = 0; ; index += 1) {
          const place = placeOf({ files, pieceLength }, index);
          if (!place) break;
          expect(place.offset).toBe(covered[place.file]);
          covered[place.file] = place.offset + place.length;
        }
        expect(covered).toEqual(lengths);
      }),
    );
  });

  it('[CT3] of a file within one block have a tree no higher than its leaves need', () => {
    expect(blockHeight(1, 256 * KIB)).toBe(0);
    expect(blockHeight(3 * 16 * KIB, 256 * KIB)).toBe(2);
    expect(blockHeight(256 * KIB, 256 * KIB)).toBe(4);
    expect(blockHeight(256 * KIB + 1, 256 * KIB)).toBe(4);
  });
});
