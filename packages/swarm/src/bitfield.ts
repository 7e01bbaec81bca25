/* One bit a block, from the highest bit of byte 0 on, as in BEP 3. */

/** No bits at all are none set. */
export function hasBit(bits: Uint8Array | undefined, index: number): boolean {
  return ((bits?.[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

/** Sets a bit in place; `bits` must be long enough. */
export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (0x80 >> (index & 7));
}

export function countBits(bits: Uint8Array | undefined): number {
  let count = 0;
  for (let byte of bits ?? []) for (; byte !== 0; byte &= byte - 1) count += 1;
  return count;
}

export function bitfieldBytes(count: number): number {
  return Math.ceil(count / 8);
}

/** The bits of these ranges, `[first, end, first, end, ...]`, of `count` in all; no ranges are all of them. */
export function bitsOfRanges(ranges: readonly number[], count: number): Uint8Array<ArrayBuffer> {
  const bits = new Uint8Array(bitfieldBytes(count));
  if (ranges.length === 0) return bits.fill(0xff);
  for (let at = 0; at + 1 < ranges.length; at += 2) {
    const end = Math.min(ranges[at + 1] ?? 0, count);
    for (let index = ranges[at] ?? 0; index < end; index += 1) setBit(bits, index);
  }
  return bits;
}
