import { concat, utf8, type Bytes } from '@tabswarm/protocol/bytes';

/*
 * Encryption of private shares. Each file has an AES-256 key of its own, derived from the share's key, and is encrypted
 * in counter mode: the length stays, and any stretch can be opened by itself. No tag is needed, since every block is
 * checked against the tree whose root is in the link. A key serves for one share only: the counter starts at zero in
 * each file, so sealing other content with the same key would give both away.
 */

/** Bytes of a share's key. */
export const SHARE_KEY_BYTES = 32;
/** Stretches begin at a multiple of AES's block. */
const SEAL_ALIGNMENT_BYTES = 16;

const KEY_LABEL = utf8('tabswarm file key 1');
const COUNTER_BITS = 64;

/** One file's cipher. In counter mode opening is sealing once more. */
export interface FileCipher {
  /** The other form of the stretch that begins at `offset`, a multiple of SEAL_ALIGNMENT_BYTES. */
  apply(offset: number, data: Bytes): Promise<ArrayBuffer>;
}

/** The cipher of file number `file` of a share, in the order of its file tree, the manifest being number 0. */
export async function fileCipher(shareKey: Bytes, file: number): Promise<FileCipher> {
  if (shareKey.byteLength !== SHARE_KEY_BYTES)
    throw new RangeError(`a share key has ${SHARE_KEY_BYTES} bytes`);
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, file);
  const key = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: concat(KEY_LABEL, number) },
    await crypto.subtle.importKey('raw', shareKey, 'HKDF', false, ['deriveKey']),
    { name: 'AES-CTR', length: 256 },
    false,
    ['encrypt'],
  );
  return {
    apply(offset, data) {
      if (offset % SEAL_ALIGNMENT_BYTES !== 0) throw new RangeError('a stretch begins at a multiple of 16');
      const counter = new Uint8Array(SEAL_ALIGNMENT_BYTES);
      new DataView(counter.buffer).setBigUint64(8, BigInt(offset / SEAL_ALIGNMENT_BYTES));
      return crypto.subtle.encrypt({ name: 'AES-CTR', counter, length: COUNTER_BITS }, key, data);
    },
  };
}
