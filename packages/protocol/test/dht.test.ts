import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeBencode, encodeBencode, type Bencode } from '../src/bencode.ts';
import { sha256, toHex, utf8, concat, type Bytes } from '../src/bytes.ts';
import {
  dhtMessage,
  MAX_RECORD_LIFETIME_MS,
  MAX_VALUE_BYTES,
  openRecord,
  proveAnswer,
  provenBy,
  providerKey,
  providerValue,
  recordFault,
  REPLY_OUTCOMES,
  sealRecord,
  type DhtMessage,
  type RecordDraft,
} from '../src/dht.ts';
import { ProtocolError } from '../src/error.ts';
import type { Identity } from '../src/identity.ts';
import { idBytes, type Id, type NodeId, type RecordKey, type Root } from '../src/ids.ts';
import { bytesOf, idOf, mutated, newIdentity } from './support.ts';

const NOW = 1_700_000_000_000;
const exactly = (length: number) => bytesOf({ minLength: length, maxLength: length });
const nodes = (maxLength: number) => fc.array(idOf<NodeId>(), { maxLength });
const record = bytesOf({ minLength: 1, maxLength: 1_000 });
const requestId = fc.nat(0xffff_ffff);
const hops = fc.nat(12);
const digests = fc.array(exactly(16), { maxLength: 20 });
const operation = fc.oneof(
  fc.constant({ type: 'ping' } as const),
  fc.record({ type: fc.constant('find-node' as const), key: idOf<Id>() }),
  fc.record({ type: fc.constant('find-value' as const), key: idOf<RecordKey>() }),
  fc.record({ type: fc.constant('store' as const), record }),
);
const anyMessage: fc.Arbitrary<DhtMessage> = fc.oneof(
  fc.record({ type: fc.constant('hello' as const), version: fc.nat(0xffff), links: nodes(64) }),
  fc.record({ type: fc.constant('contacts' as const), links: nodes(64) }),
  fc.record(
    {
      type: fc.constant('request' as const),
      id: requestId,
      lookup: exactly(8),
      to: idOf<NodeId>(),
      hops,
      budget: fc.nat(8_000),
      visited: fc.array(exactly(8), { maxLength: 24 }),
      prove: fc.boolean(),
      operation,
    },
    { requiredKeys: ['type', 'id', 'lookup', 'hops', 'budget', 'visited', 'prove', 'operation'] },
  ),
  fc.record({ type: fc.constant('forwarded' as const), id: requestId }),
  fc.record(
    {
      type: fc.constant('reply' as const),
      id: requestId,
      outcome: fc.constantFrom(...REPLY_OUTCOMES),
      hops,
      nodes: nodes(16),
      answered: nodes(13),
      records: fc.array(record, { maxLength: 12 }),
      proof: fc.record({ key: exactly(32), signature: exactly(64) }),
    },
    { requiredKeys: ['type', 'id', 'outcome', 'hops', 'nodes', 'answered', 'records'] },
  ),
  fc.record({ type: fc.constantFrom('offer' as const, 'want' as const), digests }),
  fc.record({ type: fc.constant('hand' as const), record }),
);

describe('messages of the overlay', () => {
  it('give back what was encoded', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(dhtMessage.decode(dhtMessage.encode(message))).toEqual(message);
      }),
    );
  });

  it('[EN5] answer any bytes with a message or a ProtocolError', () => {
    const frames = fc.oneof(
      bytesOf({ maxLength: 400 }),
      anyMessage.chain((message) => mutated(dhtMessage.encode(message))),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        try {
          dhtMessage.decode(frame);
        } catch (cause) {
          expect(cause).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('[DHT7] allow 12 hops and 8 seconds, and no more', () => {
    const request = {
      type: 'request',
      id: 1,
      lookup: new Uint8Array(8),
      hops: 12,
      budget: 8_000,
      visited: [],
      prove: false,
      operation: { type: 'ping' },
    } as const;
    expect(dhtMessage.decode(dhtMessage.encode(request))).toEqual(request);
    const visited = Array.from({ length: 25 }, () => new Uint8Array(8));
    for (const change of [{ hops: 13 }, { budget: 8_001 }, { visited }]) {
      expect(() => dhtMessage.decode(dhtMessage.encode({ ...request, ...change }))).toThrow(ProtocolError);
    }
  });
});

describe('proofs of answers', () => {
  it('[DHT22] hold for the answer and the lookup that they were made for, and name who made them', async () => {
    const [alice, bob] = [await newIdentity(), await newIdentity()];
    const answer = {
      lookup: new Uint8Array(8).fill(1),
      outcome: 'ok' as const,
      nodes: [bob.id],
      answered: [alice.id],
      records: [utf8('record')],
    };
    const proof = await proveAnswer(alice, answer);
    expect(await provenBy(proof, answer)).toBe(alice.id);
    expect(await provenBy(proof, { ...answer, lookup: new Uint8Array(8) })).toBeUndefined();
    expect(await provenBy(proof, { ...answer, outcome: 'full' })).toBeUndefined();
    expect(await provenBy(proof, { ...answer, nodes: [alice.id] })).toBeUndefined();
    expect(await provenBy(proof, { ...answer, answered: [] })).toBeUndefined();
    expect(await provenBy(proof, { ...answer, records: [] })).toBeUndefined();
    expect(await provenBy({ ...proof, key: bob.publicKey }, answer)).toBeUndefined();
  });
});

describe('records', () => {
  let alice: Identity;
  let bob: Identity;
  let draft: RecordDraft;
  let raw: Bytes;
  beforeAll(async () => {
    [alice, bob] = [await newIdentity(), await newIdentity()];
    const key = toHex(new Uint8Array(32).fill(3)) as RecordKey;
    draft = { key, slot: 2, sequence: 9, issued: NOW, expires: NOW + 60_000, value: utf8('value') };
    raw = (await sealRecord(alice, draft)).bytes;
  });

  const changed = (field: string, value: Bencode): Bytes => {
    const fields = new Map(decodeBencode(raw) as Map<string, Bencode>);
    fields.set(field, value);
    return encodeBencode(fields);
  };

  it('[DHT11] are opened as they were sealed', async () => {
    const sealed = await sealRecord(alice, draft);
    const opened = await openRecord(sealed.bytes);
    expect(opened).toEqual(sealed);
    expect(opened).toMatchObject({ ...draft, author: alice.id });
    expect(opened.digest).toBe(toHex((await sha256(raw)).subarray(0, 16)));
  });

  it('[DHT11] are refused where anything in them was changed', async () => {
    expect(await codeOf(changed('key', new Uint8Array(32)))).toBe('forged');
    expect(await codeOf(changed('slot', 3))).toBe('forged');
    expect(await codeOf(changed('sequence', 10))).toBe('forged');
    expect(await codeOf(changed('issued', NOW - 1))).toBe('forged');
    expect(await codeOf(changed('expires', NOW + 60_001))).toBe('forged');
    expect(await codeOf(changed('value', utf8('other')))).toBe('forged');
    expect(await codeOf(changed('author', bob.publicKey))).toBe('forged');
    expect(await codeOf(changed('signature', new Uint8Array(64)))).toBe('forged');
    expect(await codeOf(changed('extra', 1))).toBe('malformed');
    expect(await codeOf(changed('slot', 16))).toBe('malformed');
  });

  it('[DHT11] hold 1,000 bytes, their values 700', async () => {
    const full = await sealRecord(alice, {
      ...draft,
      sequence: 2 ** 52,
      value: new Uint8Array(MAX_VALUE_BYTES),
    });
    expect(full.bytes.byteLength).toBeLessThanOrEqual(1_000);
    expect(await codeOf(full.bytes)).toBe('opened');
    const long = { ...draft, value: new Uint8Array(MAX_VALUE_BYTES + 1) };
    await expect(sealRecord(alice, long)).rejects.toBeInstanceOf(RangeError);
    expect(await codeOf(new Uint8Array(1_001))).toBe('too-large');
  });

  it('[DHT12] live 45 minutes at most, and count from their issue to their expiry', async () => {
    const lasting = (ms: number) => sealRecord(alice, { ...draft, expires: NOW + ms });
    expect(await codeOf((await lasting(MAX_RECORD_LIFETIME_MS)).bytes)).toBe('opened');
    expect(await codeOf((await lasting(MAX_RECORD_LIFETIME_MS + 1)).bytes)).toBe('malformed');
    expect(await codeOf((await lasting(0)).bytes)).toBe('malformed');
    expect(recordFault(draft, NOW)).toBeUndefined();
    expect(recordFault(draft, NOW - 60_000)).toBeUndefined();
    expect(recordFault(draft, NOW - 60_001)).toBe('from-the-future');
    expect(recordFault(draft, NOW + 59_999)).toBeUndefined();
    expect(recordFault(draft, NOW + 60_000)).toBe('expired');
  });

  it('[EN5] answer any bytes with a record or a ProtocolError, and accept none that was changed', async () => {
    const frames = fc.oneof(bytesOf({ maxLength: 400 }), mutated(raw));
    await fc.assert(
      fc.asyncProperty(frames, async (frame) => {
        const code = await codeOf(frame);
        expect(code).not.toMatch(/^not a ProtocolError/);
        expect(code === 'opened').toBe(toHex(frame) === toHex(raw));
      }),
      { numRuns: 1_000 },
    );
  });

  it('[DHT16] stand for a share under a key that does not give its root away', async () => {
    const root = toHex(new Uint8Array(32).fill(5)) as Root;
    const expected = toHex(await sha256(concat(utf8('tabswarm provider'), idBytes(root))));
    expect(await providerKey(root)).toBe(expected);
  });

  it('[DHT18] say whether the author provides or no longer does', () => {
    const proof = new Uint8Array(32).fill(9);
    for (const value of [{ type: 'providing', proof }, { type: 'withdrawn' }] as const) {
      expect(providerValue.decode(providerValue.encode(value))).toEqual(value);
    }
    expect(() => providerValue.decode(utf8('d4:type5:othere'))).toThrow(ProtocolError);
  });
});

async function codeOf(bytes: Bytes): Promise<string> {
  try {
    await openRecord(bytes);
    return 'opened';
  } catch (cause) {
    return cause instanceof ProtocolError ? cause.code : `not a ProtocolError: ${String(cause)}`;
  }
}
