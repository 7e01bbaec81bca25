import { toHex, type Bytes } from '@tabswarm/protocol/bytes';
import { MetainfoError } from './error.ts';

/*
 * Finds where the values of a bencoded dictionary stand, without reading them. A `.torrent` file is not a message of
 * ours: its makers put in what they like, one of its dictionaries has hashes for keys, and of most of it we only need to
 * know where it ends. What is inside of `info` is read strictly after that, since its hash depends on every byte.
 */

/** From `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Where the bytes of a byte string stand; absent for any other value. */
  readonly text?: { readonly start: number; readonly end: number };
}

const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const LETTER_D = 0x64;
const LETTER_E = 0x65;
const LETTER_I = 0x69;
const LETTER_L = 0x6c;
/** Of the longest byte string that fits in a file that we read. */
const MAX_LENGTH_DIGITS = 10;

/**
 * The values of the dictionary that begins at `at`, by their keys in hexadecimal. Throws a MetainfoError where it is no
 * dictionary, or has a key twice. In which order they stand is no matter: what is passed over may be of any maker.
 */
export function scanDict(bytes: Bytes, at: number): Map<string, Span> {
  if (bytes[at] !== LETTER_D) throw malformed();
  const values = new Map<string, Span>();
  for (let next = at + 1; bytes[next] !== LETTER_E;) {
    const key = scanText(bytes, next);
    const name = toHex(bytes.subarray(key.start, key.end));
    if (values.has(name)) throw malformed();
    const value = scanValue(bytes, key.end);
    values.set(name, value);
    next = value.end;
  }
  return values;
}

function scanValue(bytes: Bytes, start: number): Span {
  if (isDigit(bytes[start])) {
    const text = scanText(bytes, start);
    return { start, end: text.end, text };
  }
  // Counted and not called: how deep a stranger's file goes is not for our stack to say.
  let depth = 0;
  let at = start;
  do {
    const byte = bytes[at];
    if (byte === LETTER_D || byte === LETTER_L) {
      depth += 1;
      at += 1;
    } else if (byte === LETTER_E && depth > 0) {
      depth -= 1;
      at += 1;
    } else if (byte === LETTER_I) at = scanInteger(bytes, at);
    else at = scanText(bytes, at).end;
  } while (depth > 0);
  return { start, end: at };
}

/** Where the integer ends. */
function scanInteger(bytes: Bytes, start: number): number {
  const end = bytes.indexOf(LETTER_E, start);
  if (end < 0) throw malformed();
  return end + 1;
}

function scanText(bytes: Bytes, at: number): { readonly start: number; readonly end: number } {
  let length = 0;
  let next = at;
  for (; isDigit(bytes[next]); next += 1) {
    if (next - at === MAX_LENGTH_DIGITS) throw malformed();
    length = 10 * length + (bytes[next] as number) - ZERO;
  }
  if (next === at || bytes[next] !== COLON || length > bytes.byteLength - next - 1) throw malformed();
  return { start: next + 1, end: next + 1 + length };
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}

function malformed(): MetainfoError {
  return new MetainfoError('malformed', 'not a torrent file');
}
