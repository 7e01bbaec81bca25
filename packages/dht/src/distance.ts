import {
  compareDistance,
  digitAt,
  ID_BYTES,
  idFromBytes,
  type Id,
  type NodeId,
} from '@tabswarm/protocol/ids';
import type { Random } from '@tabswarm/base';

/*
 * Kademlia's buckets and neighbourhoods, by the XOR metric.
 */
const ID_BITS = ID_BYTES * 8;

/** How many leading bits two ids share, 0 to 256: the index of the bucket in which either keeps the other. */
export function sharedBits(a: Id, b: Id): number {
  for (let at = 0; at < a.length; at += 1) {
    const difference = digitAt(a, at) ^ digitAt(b, at);
    // Math.clz32 counts over 32 bits, a digit has 4.
    if (difference !== 0) return 4 * at + Math.clz32(difference) - 28;
  }
  return ID_BITS;
}

/** The `count` ids nearest to `target`, nearest first. */
export function closest<T extends Id>(target: Id, ids: Iterable<T>, count: number): T[] {
  const nearest: T[] = [];
  for (const id of ids) {
    if (nearest.length === count) {
      if (count === 0 || compareDistance(target, id, nearest[count - 1] as T) >= 0) continue;
      nearest.pop();
    }
    // From the far end: of many ids in random order hardly one gets past the first comparison.
    let at = nearest.length;
    while (at > 0 && compareDistance(target, id, nearest[at - 1] as T) < 0) at -= 1;
    nearest.splice(at, 0, id);
  }
  return nearest;
}

/** Digits of a distance that a number holds exactly: 48 bits. */
const FRACTION_DIGITS = 12;

/** The distance of two ids as a share of the whole space, 0 to 1; ids that share 48 bits count as one. */
export function distanceShare(a: Id, b: Id): number {
  let share = 0;
  for (let at = 0; at < FRACTION_DIGITS; at += 1) share = share * 16 + (digitAt(a, at) ^ digitAt(b, at));
  return share / 16 ** FRACTION_DIGITS;
}

/** How many of `ids` are nearer to `target` than `id` is; stops counting at `enough`. */
export function countNearer(target: Id, id: Id, ids: Iterable<Id>, enough: number): number {
  let nearer = 0;
  for (const other of ids) {
    if (compareDistance(target, other, id) < 0) nearer += 1;
    if (nearer >= enough) break;
  }
  return nearer;
}

/** A random id that shares exactly `bits` leading bits with `id`. */
export function randomIdInBucket(id: NodeId, bits: number, random: Random): NodeId {
  const bytes = random.bytes(ID_BYTES);
  for (let bit = 0; bit <= bits && bit < ID_BITS; bit += 1) {
    const mask = 0x80 >> (bit % 8);
    const own = (Math.floor(digitAt(id, Math.floor(bit / 4)) / 2 ** (3 - (bit % 4))) & 1) === 1;
    const wanted = bit < bits ? own : !own;
    const byte = bytes[Math.floor(bit / 8)] as number;
    bytes[Math.floor(bit / 8)] = wanted ? byte | mask : byte & ~mask;
  }
  return idFromBytes<NodeId>(bytes);
}
