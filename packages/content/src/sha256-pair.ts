/*
 * SHA-256 of two hashes side by side (FIPS 180-4), synchronously. A tree over 16 leaves has 15 inner nodes of 64 bytes;
 * through WebCrypto each costs a trip to another thread, and together they take longer than the 256 KiB of leaves.
 * Anything longer than a pair goes to WebCrypto.
 */

/** Bytes of one hash. */
export const HASH_BYTES = 32;

/** Cube roots of the first 64 primes, the first 32 bits of their fractions. */
// oxfmt-ignore
const ROUND_CONSTANTS = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
/** Square roots of the first 8 primes, likewise. */
// oxfmt-ignore
const INITIAL_STATE = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
const PAIR_BITS = 8 * 2 * HASH_BYTES;

// Scratch space: the function is synchronous, so no two calls use it at once.
const words = new Int32Array(64);
const state = new Int32Array(8);

/** The padding of a 64-byte message is a chunk that is always the same: a one bit, zeros, the length in bits. */
const paddingWords = new Int32Array(64);
paddingWords[0] = 0x80000000;
paddingWords[15] = PAIR_BITS;
expand(paddingWords);

/** Writes SHA-256 of the 64 bytes of `source` from `from` on to `target`, from `to` on. They may be the same array. */
export function hashPair(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  const input = new DataView(source.buffer, source.byteOffset + from, 2 * HASH_BYTES);
  state.set(INITIAL_STATE);
  for (let i = 0; i < 16; i += 1) words[i] = input.getInt32(4 * i);
  expand(words);
  compress(words);
  compress(paddingWords);
  const output = new DataView(target.buffer, target.byteOffset + to, HASH_BYTES);
  for (let i = 0; i < 8; i += 1) output.setInt32(4 * i, state[i] as number);
}

/** The message schedule of the chunk that is in the first 16 words. */
function expand(schedule: Int32Array): void {
  for (let i = 16; i < 64; i += 1) {
    const x = schedule[i - 15] as number;
    const y = schedule[i - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    schedule[i] = ((schedule[i - 16] as number) + s0 + (schedule[i - 7] as number) + s1) | 0;
  }
}

/** One round of the compression function over a message schedule, into `state`. */
function compress(schedule: Int32Array): void {
  // One by one: taking an array apart goes by its iterator, and makes all of this half as fast again.
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let i = 0; i < 64; i += 1) {
    const S1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const choice = (e & f) ^ (~e & g);
    const t1 = (h + S1 + choice + (ROUND_CONSTANTS[i] as number) + (schedule[i] as number)) | 0;
    const S0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + S0 + majority) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}
