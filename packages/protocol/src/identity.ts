import { sha256, type Bytes } from './bytes.ts';
import { idFromBytes, type NodeId } from './ids.ts';

/** Bytes of an Ed25519 public key and of a signature (RFC 8032). */
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** A node's name and its means to sign as that node. The private key stays inside. */
export interface Identity {
  readonly id: NodeId;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Bytes;
  /** A signature of 64 bytes. */
  sign(bytes: Uint8Array<ArrayBuffer>): Promise<Bytes>;
}

/** A new Ed25519 key pair whose private half cannot leave the browser. */
export async function generateIdentityKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
}

export async function identityFromKeys(keys: CryptoKeyPair): Promise<Identity> {
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
  return {
    id: await nodeIdOf(publicKey),
    publicKey,
    sign: async (bytes) => new Uint8Array(await crypto.subtle.sign('Ed25519', keys.privateKey, bytes)),
  };
}

/** A node's id: SHA-256 of its public key. */
export async function nodeIdOf(publicKey: Bytes): Promise<NodeId> {
  return idFromBytes(await sha256(publicKey));
}

/** Whether `signature` over `bytes` was made with the private half of `publicKey`. Never throws. */
export async function verifySignature(publicKey: Bytes, signature: Bytes, bytes: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature, bytes);
  } catch {
    // Not a point on the curve, or not 64 bytes: whatever it is, it is no signature of that key.
    return false;
  }
}
