export type Bytes = Uint8Array<ArrayBuffer>;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function toHex(bytes: Uint8Array): string {
  let out = '';
  for (const byte of bytes) out += HEX[byte] as string;
  return out;
}

/** The value of each hexadecimal digit by its character code, in either case; NOT_A_DIGIT for all others. */
const NOT_A_DIGIT = 0xff;
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NOT_A_DIGIT : value;
});

/** The bytes of an even number of hexadecimal digits; throws a SyntaxError for anything else. */
export function fromHex(hex: string): Bytes {
  const out = new Uint8Array(hex.length >> 1);
  let strange = hex.length & 1;
  for (let at = 0; at < out.length; at += 1) {
    const high = DIGITS[hex.charCodeAt(2 * at)] ?? NOT_A_DIGIT;
    const low = DIGITS[hex.charCodeAt(2 * at + 1)] ?? NOT_A_DIGIT;
    strange |= (high | low) & 0xf0;
    out[at] = (high << 4) | low;
  }
  if (strange !== 0) throw new SyntaxError('not hexadecimal');
  return out;
}

/** Base64url without padding (RFC 4648, section 5). */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** The bytes of unpadded base64url; throws a SyntaxError for anything else. */
export function fromBase64Url(text: string): Bytes {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) throw new SyntaxError('not base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

export function utf8(text: string): Bytes {
  return ENCODER.encode(text);
}

/** Below this, making a string of ASCII by hand is faster than a decoder's fixed cost. */
const SHORT_TEXT_BYTES = 32;

/** The text of valid UTF-8; throws a TypeError for anything else. */
export function fromUtf8(bytes: Uint8Array): string {
  if (bytes.byteLength > SHORT_TEXT_BYTES) return DECODER.decode(bytes);
  let out = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return DECODER.decode(bytes);
    out += String.fromCharCode(byte);
  }
  return out;
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  return join(parts);
}

/** As `concat`, for any number of parts: a call has room for some 100,000 arguments only. */
export function join(parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.byteLength;
  }
  return out;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && compareBytes(a, b) === 0;
}

/** Order of the raw bytes, shorter first where one begins with the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.byteLength, b.byteLength);
  for (let i = 0; i < shared; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.byteLength - b.byteLength;
}

/** The SHA-256 digest, 32 bytes. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
