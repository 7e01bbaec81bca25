import type { Random } from '@tabswarm/base';

/** An Ed25519 private key in PKCS #8 is this and the 32 bytes of the key (RFC 8410, section 7). */
const PKCS8_PREFIX = [
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
const KEY_BYTES = 32;

/** An Ed25519 key pair that is the same for the same seed, so that ids made of it are, and runs that hang on them. */
export async function seededKeys(random: Random): Promise<CryptoKeyPair> {
  const pkcs8 = Uint8Array.from([...PKCS8_PREFIX, ...random.bytes(KEY_BYTES)]);
  const privateKey = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', true, ['sign']);
  const { kty, crv, x } = await crypto.subtle.exportKey('jwk', privateKey);
  const publicKey = await crypto.subtle.importKey('jwk', { kty, crv, x } as JsonWebKey, 'Ed25519', true, [
    'verify',
  ]);
  return { privateKey, publicKey };
}
