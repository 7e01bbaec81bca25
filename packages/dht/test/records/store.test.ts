import type { SignedRecord } from '@tabswarm/protocol/dht';
import { fromHex } from '@tabswarm/protocol/bytes';
import { idFromBytes, type NodeId, type RecordKey } from '@tabswarm/protocol/ids';
import { createManualClock, createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { closest } from '../../src/distance.ts';
import { createRecordStore } from '../../src/records/store.ts';

const MINUTE = 60_000;

function createBench(maxRecords = 4_096) {
  const random = createSeededRandom(21);
  const clock = createManualClock();
  const self = idFromBytes<NodeId>(random.bytes(32));
  const store = createRecordStore(self, clock, { maxRecords });
  /** The store believes signatures to have been checked, so these need none. */
  const record = (fields: Partial<SignedRecord> = {}): SignedRecord => ({
    key: idFromBytes<RecordKey>(random.bytes(32)),
    author: idFromBytes<NodeId>(random.bytes(32)),
    publicKey: random.bytes(32),
    slot: 0,
    sequence: 1,
    issued: clock.now(),
    expires: clock.now() + 10 * MINUTE,
    value: fromHex(''),
    bytes: random.bytes(10),
    digest: idFromBytes(random.bytes(32)).slice(32),
    ...fields,
  });
  return { clock, self, store, record };
}

describe('the record store', () => {
  it('[DHT13] keeps of each author, key and slot the highest sequence', () => {
    const { store, record } = createBench();
    const first = record({ sequence: 5 });
    const { key, author } = first;
    expect(store.put(first)).toBe('ok');
    expect(store.put(first)).toBe('ok');
    expect(store.put(record({ key, author, sequence: 4 }))).toBe('stale');
    expect(store.put(record({ key, author, sequence: 5 }))).toBe('stale');
    const second = record({ key, author, sequence: 6 });
    expect(store.put(second)).toBe('ok');
    expect(store.get(key)).toEqual([second]);
    expect(store.byDigest(first.digest)).toBeUndefined();
    const other = record({ key, author, slot: 1 });
    const another = record({ key });
    expect([store.put(other), store.put(another)]).toEqual(['ok', 'ok']);
    expect(store.get(key)).toEqual([second, other, another]);
    expect(store.size).toBe(3);
  });

  it('[DHT12] gives none that has expired, and forgets it', async () => {
    const { clock, store, record } = createBench();
    const one = record();
    store.put(one);
    await clock.advance(10 * MINUTE - 1);
    expect(store.get(one.key)).toEqual([one]);
    await clock.advance(1);
    expect([store.get(one.key), store.all(), store.byDigest(one.digest)]).toEqual([[], [], undefined]);
    expect(store.put(record({ expires: clock.now() }))).toBe('refused');
    expect(store.size).toBe(1);
    store.sweep();
    expect(store.size).toBe(0);
  });

  it('[DHT15] makes room for nearer records, and refuses farther ones', () => {
    const { self, store, record } = createBench(50);
    const records = Array.from({ length: 400 }, () => record());
    const outcomes = records.map((one) => store.put(one));
    expect(store.size).toBe(50);
    const nearest = new Set(
      closest(
        self,
        records.map(({ key }) => key),
        50,
      ),
    );
    expect(new Set(store.all().map(({ key }) => key))).toEqual(nearest);
    expect(outcomes).toContain('full');
  });

  it('[DHT15] keeps its own beyond the limit, and never pushes them out', () => {
    const { store, record } = createBench(10);
    const own = Array.from({ length: 5 }, () => record());
    for (const one of own) expect(store.put(one, { own: true })).toBe('ok');
    for (let i = 0; i < 200; i += 1) store.put(record());
    expect(store.size).toBe(15);
    for (const one of own) expect(store.get(one.key)).toEqual([one]);
  });

  it('[DHT15] makes room by dropping what has expired first', async () => {
    const { clock, store, record } = createBench(10);
    for (let i = 0; i < 10; i += 1) store.put(record());
    await clock.advance(11 * MINUTE);
    for (let i = 0; i < 10; i += 1) expect(store.put(record())).toBe('ok');
    expect(store.size).toBe(10);
  });
});
