import { compareBytes, fromUtf8, utf8, type Bytes } from './bytes.ts';
import { ProtocolError } from './error.ts';

/*
 * Bencoding (BEP 3), strictly: exactly one encoding for each value. Integers without leading zeros or "-0", dictionary
 * keys in raw byte order without repeats, nothing after the value. A value that decodes therefore encodes to the same
 * bytes, which is what makes hashes and signatures over it safe.
 */
export type Bencode = number | Uint8Array<ArrayBuffer> | readonly Bencode[] | BencodeDict;
/** Keys are UTF-8 text; both formats that we speak allow no other. */
export type BencodeDict = ReadonlyMap<string, Bencode>;

export interface BencodeLimits {
  /** Lists and dictionaries inside one another. */
  readonly maxDepth?: number;
  /** Values in all, at any depth. */
  readonly maxItems?: number;
}

const DEFAULT_MAX_DEPTH = 16;
const DEFAULT_MAX_ITEMS = 100_000;
/** Digits of the largest safe integer: a longer run of digits cannot be a value that we accept. */
const MAX_DIGITS = 16;

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const COLON = 0x3a;
const LETTER_D = 0x64;
const LETTER_E = 0x65;
const LETTER_I = 0x69;
const LETTER_L = 0x6c;

/** Encodes a value. Throws a TypeError for an integer that is not safe. */
export function encodeBencode(value: Bencode): Bytes {
  const writer = new Writer();
  writer.value(value);
  return writer.bytes();
}

/** Decodes exactly one value that fills `bytes`. Byte strings are copies. Throws a ProtocolError. */
export function decodeBencode(bytes: Uint8Array, limits: BencodeLimits = {}): Bencode {
  const reader = new Reader(
    bytes,
    limits.maxDepth ?? DEFAULT_MAX_DEPTH,
    limits.maxItems ?? DEFAULT_MAX_ITEMS,
  );
  const value = reader.value(0);
  if (!reader.atEnd()) throw new ProtocolError('malformed', 'bytes after the bencoded value');
  return value;
}

export function isDict(value: Bencode | undefined): value is BencodeDict {
  return value instanceof Map;
}

const FIRST_CAPACITY = 512;

/** One buffer that grows, as messages are many and small: a part for each token would cost more than the token. */
class Writer {
  #buffer = new Uint8Array(FIRST_CAPACITY);
  #at = 0;

  bytes(): Bytes {
    return this.#buffer.slice(0, this.#at);
  }

  value(value: Bencode): void {
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) throw new TypeError(`not a safe integer: ${value}`);
      this.#ascii(`i${value === 0 ? 0 : value}e`);
    } else if (value instanceof Uint8Array) {
      this.#string(value);
    } else if (Array.isArray(value)) {
      this.#ascii('l');
      for (const item of value as readonly Bencode[]) this.value(item);
      this.#ascii('e');
    } else {
      const entries = [...(value as BencodeDict)].map(([key, item]) => [keyBytes(key), item] as const);
      entries.sort(([a], [b]) => compareBytes(a, b));
      this.#ascii('d');
      for (const [key, item] of entries) {
        this.#string(key);
        this.value(item);
      }
      this.#ascii('e');
    }
  }

  #string(bytes: Uint8Array): void {
    this.#ascii(`${bytes.byteLength}:`);
    this.#reserve(bytes.byteLength);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  #ascii(text: string): void {
    this.#reserve(text.length);
    for (let at = 0; at < text.length; at += 1) this.#buffer[this.#at + at] = text.charCodeAt(at);
    this.#at += text.length;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#buffer.byteLength) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.byteLength));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}

/** The field names of our own messages, which are few; a share's file names are not kept. */
const MAX_KNOWN_KEYS = 256;
const knownKeys = new Map<string, Bytes>();

function keyBytes(key: string): Bytes {
  const known = knownKeys.get(key);
  if (known) return known;
  const bytes = utf8(key);
  if (knownKeys.size < MAX_KNOWN_KEYS && key.length <= 16) knownKeys.set(key, bytes);
  return bytes;
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #maxDepth: number;
  #itemsLeft: number;
  #at = 0;

  constructor(bytes: Uint8Array, maxDepth: number, maxItems: number) {
    this.#bytes = bytes;
    this.#maxDepth = maxDepth;
    this.#itemsLeft = maxItems;
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  value(depth: number): Bencode {
    this.#itemsLeft -= 1;
    if (this.#itemsLeft < 0) throw new ProtocolError('too-large', 'too many bencoded items');
    if (depth > this.#maxDepth) throw new ProtocolError('too-large', 'bencoded value nested too deeply');
    switch (this.#bytes[this.#at]) {
      case LETTER_I:
        this.#at += 1;
        return this.#integer(LETTER_E);
      case LETTER_L:
        this.#at += 1;
        return this.#list(depth);
      case LETTER_D:
        this.#at += 1;
        return this.#dict(depth);
      default:
        return this.#string();
    }
  }

  #list(depth: number): Bencode {
    const items: Bencode[] = [];
    while (!this.#takeEnd()) items.push(this.value(depth + 1));
    return items;
  }

  #dict(depth: number): Bencode {
    const entries = new Map<string, Bencode>();
    let previous: Uint8Array | undefined;
    while (!this.#takeEnd()) {
      const key = this.#view();
      if (previous && compareBytes(previous, key) >= 0) {
        throw new ProtocolError('malformed', 'dictionary keys out of order');
      }
      previous = key;
      entries.set(this.#keyText(key), this.value(depth + 1));
    }
    return entries;
  }

  #keyText(key: Uint8Array): string {
    try {
      return fromUtf8(key);
    } catch (cause) {
      throw new ProtocolError('malformed', 'a dictionary key that is not UTF-8', { cause });
    }
  }

  #string(): Bytes {
    return new Uint8Array(this.#view());
  }

  /** A byte string where it stands. */
  #view(): Uint8Array {
    const length = this.#integer(COLON);
    if (length < 0 || length > this.#bytes.byteLength - this.#at) {
      throw new ProtocolError('malformed', 'a byte string longer than what is there');
    }
    const out = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return out;
  }

  /** Reads digits up to and including the byte `end`. */
  #integer(end: number): number {
    const negative = this.#bytes[this.#at] === MINUS;
    if (negative) this.#at += 1;
    const start = this.#at;
    let magnitude = 0;
    for (let byte = this.#bytes[this.#at]; byte !== end; byte = this.#bytes[this.#at]) {
      if (byte === undefined || byte < ZERO || byte > NINE || this.#at - start >= MAX_DIGITS) {
        throw new ProtocolError('malformed', 'not a bencoded value');
      }
      magnitude = magnitude * 10 + (byte - ZERO);
      this.#at += 1;
    }
    const digits = this.#at - start;
    this.#at += 1;
    const leadingZero = digits > 1 && this.#bytes[start] === ZERO;
    if (digits === 0 || leadingZero || (negative && magnitude === 0) || !Number.isSafeInteger(magnitude)) {
      throw new ProtocolError('malformed', 'not a canonical integer');
    }
    return negative ? -magnitude : magnitude;
  }

  #takeEnd(): boolean {
    if (this.#bytes[this.#at] !== LETTER_E) return false;
    this.#at += 1;
    return true;
  }
}
