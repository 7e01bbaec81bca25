import { blockHeight, VerifiedBlock, verifyBlock } from '@tabswarm/content';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blocksOf, flipBit, patternBytes, shareOf } from './share.ts';

const PIECE_LENGTH = 64 * 1024;

describe('a block', () => {
  it('[CT8] is taken when it hashes to its id, and refused when any bit is another', async () => {
    const data = patternBytes(40_000, 3);
    const height = blockHeight(data.byteLength, PIECE_LENGTH);
    const { id } = await VerifiedBlock.of(data.slice().buffer, { height });
    const expected = { id, height, length: data.byteLength };
    expect((await verifyBlock(data.slice().buffer, expected))?.id).toBe(id);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: data.byteLength * 8 - 1 }), async (bit) => {
        expect(await verifyBlock(flipBit(data, bit).buffer, expected)).toBeUndefined();
      }),
    );
  });

  it('[CT8] is refused when it is cut off, longer, or another block', async () => {
    const data = patternBytes(3 * PIECE_LENGTH, 4);
    const blocks = await blocksOf(data, PIECE_LENGTH);
    const [first, second] = blocks;
    if (!first || !second) throw new Error('the file has three blocks');
    const expected = {
      id: first.id,
      height: blockHeight(data.byteLength, PIECE_LENGTH),
      length: PIECE_LENGTH,
    };
    expect(await verifyBlock(first.data, expected)).toBeDefined();
    expect(await verifyBlock(second.data, expected)).toBeUndefined();
    expect(await verifyBlock(first.data.slice(0, -1), expected)).toBeUndefined();
    expect(await verifyBlock(new ArrayBuffer(0), expected)).toBeUndefined();
    const longer = new Uint8Array(PIECE_LENGTH + 16_384);
    longer.set(new Uint8Array(first.data));
    expect(await verifyBlock(longer.buffer, expected)).toBeUndefined();
  });

  it('[CT3] has for its id the root of its part of the tree', async () => {
    const data = patternBytes(3 * PIECE_LENGTH + 1, 5);
    const { layers } = await shareOf('a', [{ path: ['a'], data }], PIECE_LENGTH);
    const ids = (await blocksOf(data, PIECE_LENGTH)).map(({ id }) => id);
    const hex = [...(layers[0] ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(ids.join('')).toBe(hex);
  });
});
