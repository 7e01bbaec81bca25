import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { createManualClock, createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { randomIdInBucket } from '../../src/distance.ts';
import { createContacts } from '../../src/routing-table/contacts.ts';

const random = createSeededRandom(11);
const self = idFromBytes<NodeId>(random.bytes(32));
const inBucket = (bucket: number): NodeId => randomIdInBucket(self, bucket, random);

describe('the contact cache', () => {
  it('keeps 20 nodes per bucket, the first ones heard of', () => {
    const clock = createManualClock();
    const contacts = createContacts(self, clock);
    const first = Array.from({ length: 20 }, () => inBucket(0));
    for (const node of first) expect(contacts.learn(node, { dialAfter: 0 })).toBe(true);
    expect(contacts.learn(inBucket(0), { dialAfter: 0 })).toBe(false);
    expect(contacts.learn(inBucket(1), { dialAfter: 0 })).toBe(true);
    expect([...contacts.all()].slice(0, 20).map(({ id }) => id)).toEqual(first);
    expect(contacts.size).toBe(21);
    contacts.forget(first[3] as NodeId);
    expect(contacts.learn(inBucket(0), { dialAfter: 0 })).toBe(true);
  });

  it('gives the place of one not heard of for ten minutes to a new one', async () => {
    const clock = createManualClock();
    const contacts = createContacts(self, clock);
    const first = Array.from({ length: 20 }, () => inBucket(2));
    for (const node of first) contacts.learn(node, { dialAfter: 0 });
    await clock.advance(6 * 60_000);
    for (const node of first.slice(1)) contacts.learn(node, { dialAfter: 0 });
    await clock.advance(6 * 60_000);
    expect(contacts.learn(inBucket(2), { dialAfter: 0 })).toBe(true);
    expect(contacts.get(first[0] as NodeId)).toBeUndefined();
    expect(contacts.learn(inBucket(2), { dialAfter: 0 })).toBe(false);
  });

  it('remembers the last three who can introduce, and the earliest time to dial', () => {
    const contacts = createContacts(self, createManualClock());
    const node = inBucket(0);
    const others = Array.from({ length: 4 }, () => inBucket(1));
    for (const [i, via] of others.entries()) contacts.learn(node, { via, dialAfter: 100 - i });
    contacts.learn(node, { dialAfter: 500 });
    expect(contacts.get(node)).toMatchObject({
      via: others.toReversed().slice(0, 3),
      dialAfter: 97,
    });
  });

  it('never holds the node itself', () => {
    const contacts = createContacts(self, createManualClock());
    expect(contacts.learn(self, { dialAfter: 0 })).toBe(false);
    expect(contacts.size).toBe(0);
  });
});
