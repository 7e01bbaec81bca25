import { createSeededRandom } from '@tabswarm/testkit';
import { compareDistance, idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest, countNearer, randomIdInBucket, sharedBits } from '../src/distance.ts';

const anyId = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => idFromBytes<NodeId>(bytes));
/** Ids that agree up to any bit: random ones differ in the first few. */
const nearbyIds = fc.tuple(anyId, fc.nat(255)).map(([id, bit]) => {
  const flipped = BigInt(`0x${id}`) ^ (1n << BigInt(255 - bit));
  return { id, bit, other: flipped.toString(16).padStart(64, '0') as NodeId };
});

const distance = (a: NodeId, b: NodeId): bigint => BigInt(`0x${a}`) ^ BigInt(`0x${b}`);

/** From the definition: the position of the highest bit in which they differ. */
function sharedBitsByDefinition(a: NodeId, b: NodeId): number {
  const [left, right] = [a, b].map((id) => BigInt(`0x${id}`).toString(2).padStart(256, '0')) as [
    string,
    string,
  ];
  let at = 0;
  while (at < 256 && left[at] === right[at]) at += 1;
  return at;
}

describe('distance', () => {
  it('[DHT1] orders by XOR, as unsigned numbers', () => {
    fc.assert(
      fc.property(anyId, anyId, anyId, (target, a, b) => {
        const [left, right] = [distance(target, a), distance(target, b)];
        const expected = left < right ? -1 : left > right ? 1 : 0;
        expect(Math.sign(compareDistance(target, a, b))).toBe(expected);
        expect(compareDistance(target, a, a)).toBe(0);
      }),
    );
  });

  it('[DHT1] puts a node into the bucket of the leading bits that it shares', () => {
    fc.assert(
      fc.property(anyId, anyId, (a, b) => {
        expect(sharedBits(a, b)).toBe(sharedBitsByDefinition(a, b));
      }),
    );
    fc.assert(
      fc.property(nearbyIds, ({ id, bit, other }) => {
        expect(sharedBits(id, other)).toBe(bit);
        expect(sharedBits(other, id)).toBe(bit);
      }),
    );
    const zero = '0'.repeat(64) as NodeId;
    expect(sharedBits(zero, zero)).toBe(256);
    expect(sharedBits(zero, `8${'0'.repeat(63)}` as NodeId)).toBe(0);
    expect(sharedBits(zero, `${'0'.repeat(63)}1` as NodeId)).toBe(255);
  });

  it('[DHT1] finds the nearest of many', () => {
    fc.assert(
      fc.property(anyId, fc.uniqueArray(anyId, { maxLength: 40 }), fc.nat(12), (target, ids, count) => {
        const byDefinition = ids.toSorted((a, b) => (distance(target, a) < distance(target, b) ? -1 : 1));
        expect(closest(target, ids, count)).toEqual(byDefinition.slice(0, count));
        for (const [rank, id] of byDefinition.entries()) {
          expect(countNearer(target, id, ids, ids.length)).toBe(rank);
          expect(countNearer(target, id, ids, 3)).toBe(Math.min(3, rank));
        }
      }),
    );
  });

  it('makes random ids for every bucket', () => {
    fc.assert(
      fc.property(anyId, fc.nat(255), fc.nat(), (id, bits, seed) => {
        expect(sharedBits(id, randomIdInBucket(id, bits, createSeededRandom(seed)))).toBe(bits);
      }),
    );
  });
});
