import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeBencode, encodeBencode, type Bencode } from '../src/bencode.ts';
import { ProtocolError } from '../src/error.ts';
import type { Identity } from '../src/identity.ts';
import type { Root } from '../src/ids.ts';
import {
  MAX_STATEMENT_BYTES,
  openStatement,
  sealStatement,
  STATEMENT_LIFETIME_MS,
  statedBy,
} from '../src/taking-part.ts';
import { mutated, newIdentity } from './support.ts';

const NOW = 1_700_000_000_000;
const ROOT = 'ab'.repeat(32) as Root;
const OTHER_ROOT = 'cd'.repeat(32) as Root;

let alice: Identity;
let bob: Identity;
beforeAll(async () => {
  [alice, bob] = [await newIdentity(), await newIdentity()];
});

function changed(raw: Uint8Array, field: string, value: Bencode): Uint8Array<ArrayBuffer> {
  const fields = new Map(decodeBencode(raw) as Map<string, Bencode>);
  return encodeBencode(fields.set(field, value));
}

describe('that a node takes part in a share', () => {
  it('[EX20] is read as it was signed, for an hour', async () => {
    const { bytes } = await sealStatement(alice, ROOT, NOW);
    expect(bytes.byteLength).toBeLessThanOrEqual(MAX_STATEMENT_BYTES);
    expect(await statedBy(bytes)).toBe(alice.id);
    const read = await openStatement(bytes, ROOT, NOW + STATEMENT_LIFETIME_MS - 1);
    expect(read).toEqual({ node: alice.id, expires: NOW + STATEMENT_LIFETIME_MS, bytes });
    for (const time of [NOW + STATEMENT_LIFETIME_MS, NOW - 61_000]) {
      await expect(openStatement(bytes, ROOT, time)).rejects.toMatchObject({ code: 'malformed' });
    }
  });

  it('[EX20] nobody says of another node, nor of another share, nor for longer', async () => {
    const { bytes } = await sealStatement(alice, ROOT, NOW);
    await expect(openStatement(bytes, OTHER_ROOT, NOW)).rejects.toMatchObject({ code: 'forged' });
    for (const [field, value] of [
      ['author', bob.publicKey],
      ['expires', NOW + STATEMENT_LIFETIME_MS - 1],
      ['signature', new Uint8Array(64)],
    ] as const) {
      await expect(openStatement(changed(bytes, field, value), ROOT, NOW)).rejects.toMatchObject({
        code: 'forged',
      });
    }
    await expect(openStatement(changed(bytes, 'x', 1), ROOT, NOW)).rejects.toMatchObject({
      code: 'malformed',
    });
  });

  it('[EX20] cannot be read from any other bytes', async () => {
    const { bytes } = await sealStatement(alice, ROOT, NOW);
    await fc.assert(
      fc.asyncProperty(mutated(bytes), async (raw) => {
        try {
          expect((await openStatement(raw, ROOT, NOW)).bytes).toEqual(bytes);
        } catch (cause) {
          expect(cause).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
