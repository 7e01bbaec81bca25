import { fromHex, toHex, type Bytes } from './bytes.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/*
 * 256-bit values, held as 64 lower-case hexadecimal digits: they serve as map keys, and comparing XOR distances digit
 * by digit ends at the first digit that differs.
 */
/** SHA-256 of a node's Ed25519 public key. */
export type NodeId = Branded<'NodeId'>;
/** The v2 info hash of a share (BEP 52). */
export type Root = Branded<'Root'>;
/** The root of one block's hash tree: what the block is stored, asked for and checked by. */
export type BlockId = Branded<'BlockId'>;
/** Where a record lives in the overlay. */
export type RecordKey = Branded<'RecordKey'>;
export type Id = NodeId | Root | BlockId | RecordKey;

export const ID_BYTES = 32;
const ID_PATTERN = /^[0-9a-f]{64}$/;

export function isIdText(text: string): boolean {
  return ID_PATTERN.test(text);
}

/** An id from its 32 bytes. */
export function idFromBytes<T extends Id>(bytes: Uint8Array): T {
  if (bytes.byteLength !== ID_BYTES)
    throw new RangeError(`an id has ${ID_BYTES} bytes, not ${bytes.byteLength}`);
  return toHex(bytes) as T;
}

/** An id from its 64 digits, in any letter case. */
export function idFromText<T extends Id>(text: string): T {
  const lower = text.toLowerCase();
  if (!isIdText(lower)) throw new SyntaxError('an id is 64 hexadecimal digits');
  return lower as T;
}

export function idBytes(id: Id): Bytes {
  return fromHex(id);
}

/**
 * Orders `a` and `b` by their XOR distance to `target`: negative where `a` is nearer. The nearer one is decided at the
 * first digit in which `a` and `b` differ, so the distances themselves are never made.
 */
export function compareDistance(target: Id, a: Id, b: Id): number {
  for (let i = 0; i < target.length; i += 1) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    const t = digitAt(target, i);
    return (digitAt(a, i) ^ t) - (digitAt(b, i) ^ t);
  }
  return 0;
}

/** The value of one hexadecimal digit of an id: four of its bits. */
export function digitAt(id: Id, at: number): number {
  const code = id.charCodeAt(at);
  // '0' is 48 and 'a' is 97.
  return code < 97 ? code - 48 : code - 87;
}
