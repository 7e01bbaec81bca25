/* One bit a block, from the highest bit of byte 0 on, as in BEP 3. */

export function hasBit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

/** Sets a bit in place; `bits` must be long enough. */
export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (0x80 >> (index & 7));
}

export function bitfieldBytes(count: number): number {
  return Math.ceil(count / 8);
}
