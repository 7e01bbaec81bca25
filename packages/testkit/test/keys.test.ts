import { describe, expect, it } from 'vitest';
import { createSeededRandom, seededKeys } from '../src/index.ts';

const rawOf = async ({ publicKey }: CryptoKeyPair): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.exportKey('raw', publicKey));

describe('seeded keys', () => {
  it('are those of RFC 8032 for their seed', async () => {
    // Section 7.1, test 1.
    const secret = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const bytes = Uint8Array.from(secret.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
    const keys = await seededKeys({ number: () => 0, bytes: () => bytes });
    const hex = [...(await rawOf(keys))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    expect(hex).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  });

  it('are the same for the same seed, others for another, and sign', async () => {
    const [one, same, other] = [
      await seededKeys(createSeededRandom(1)),
      await seededKeys(createSeededRandom(1)),
      await seededKeys(createSeededRandom(2)),
    ];
    expect(await rawOf(one)).toEqual(await rawOf(same));
    expect(await rawOf(one)).not.toEqual(await rawOf(other));
    const signature = await crypto.subtle.sign('Ed25519', one.privateKey, Uint8Array.of(1));
    expect(await crypto.subtle.verify('Ed25519', same.publicKey, signature, Uint8Array.of(1))).toBe(true);
  });
});
