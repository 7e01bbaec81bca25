import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256, toHex, utf8 } from '../src/bytes.ts';
import { generateIdentityKeys, identityFromKeys, nodeIdOf, verifySignature } from '../src/identity.ts';
import { idBytes, idFromBytes, idFromText, isIdText, type NodeId } from '../src/ids.ts';
import { bytesOf, idOf, mutated, newIdentity } from './support.ts';

describe('ids', () => {
  it('[ID1] are 32 bytes, or 64 digits in any letter case', () => {
    fc.assert(
      fc.property(bytesOf({ minLength: 32, maxLength: 32 }), (bytes) => {
        const id = idFromBytes<NodeId>(bytes);
        expect(id).toMatch(/^[0-9a-f]{64}$/);
        expect(idBytes(id)).toEqual(bytes);
        expect(idFromText(id.toUpperCase())).toBe(id);
      }),
    );
    fc.assert(
      fc.property(idOf<NodeId>(), (id) => {
        expect(idFromBytes(idBytes(id))).toBe(id);
      }),
    );
  });

  it('[ID1] are nothing else', () => {
    for (const length of [0, 31, 33]) expect(() => idFromBytes(new Uint8Array(length))).toThrow(RangeError);
    for (const text of ['', 'a'.repeat(63), 'a'.repeat(65), 'g'.repeat(64), ` ${'a'.repeat(63)}`]) {
      expect(() => idFromText(text)).toThrow(SyntaxError);
      expect(isIdText(text)).toBe(false);
    }
  });

  it('[ID1] of nodes are the SHA-256 of their public keys', async () => {
    const keys = await generateIdentityKeys();
    const identity = await identityFromKeys(keys);
    const raw = new Uint8Array(await crypto.subtle.exportKey('raw', keys.publicKey));
    expect(identity.publicKey).toEqual(raw);
    expect(identity.id).toBe(toHex(await sha256(raw)));
    expect(await nodeIdOf(identity.publicKey)).toBe(identity.id);
  });
});

describe('signatures', () => {
  it('[ID2] hold for the bytes that were signed, by the key that signed them', async () => {
    const [identity, other] = [await newIdentity(), await newIdentity()];
    const bytes = utf8('something said');
    const signature = await identity.sign(bytes);
    expect(signature.byteLength).toBe(64);
    expect(await verifySignature(identity.publicKey, signature, bytes)).toBe(true);
    expect(await verifySignature(other.publicKey, signature, bytes)).toBe(false);
    expect(await verifySignature(identity.publicKey, signature, utf8('something else'))).toBe(false);
  });

  it('[ID2] do not hold in any other form, and checking never throws', async () => {
    const identity = await newIdentity();
    const bytes = utf8('something said');
    const signature = await identity.sign(bytes);
    await fc.assert(
      fc.asyncProperty(mutated(signature), mutated(identity.publicKey), async (changed, key) => {
        const same = toHex(changed) === toHex(signature) && toHex(key) === toHex(identity.publicKey);
        expect(await verifySignature(key, changed, bytes)).toBe(same);
      }),
      { numRuns: 300 },
    );
  });

  it('come from a private key that cannot be taken out', async () => {
    const keys = await generateIdentityKeys();
    expect(keys.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('pkcs8', keys.privateKey)).rejects.toThrow();
  });
});
