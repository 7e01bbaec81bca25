/* Bit i of a bitmap is counted from the highest bit of byte 0 on. */

export function createBitmap(bits: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.ceil(bits / 8));
}

export function getBit(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

export function putBit(bitmap: Uint8Array, index: number, value: boolean): void {
  const byte = bitmap[index >> 3] ?? 0;
  const mask = 0x80 >> (index & 7);
  bitmap[index >> 3] = value ? byte | mask : byte & ~mask;
}
