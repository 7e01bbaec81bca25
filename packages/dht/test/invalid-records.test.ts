import { utf8 } from '@tabswarm/protocol/bytes';
import {
  holderProof,
  providerKey,
  providerValue,
  sealRecord,
  type RecordDraft,
} from '@tabswarm/protocol/dht';
import type { NodeId, RecordKey } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { closest } from '../src/distance.ts';
import { createHandNode, forged } from './support/node.ts';
import { createWorld, seededIdentity, tabAt } from './support/world.ts';

const MINUTE = 60_000;

describe('records that are not what they should be', () => {
  it('[DHT11] are refused where the signature does not match', async () => {
    expect(await store((draft) => draft)).toMatchObject({ outcome: 'ok', kept: 1 });
    expect(await store((draft) => draft, true)).toMatchObject({ outcome: 'refused', kept: 0 });
  });

  it('[DHT12] are refused where they have expired, are from the future, or would live too long', async () => {
    expect(await store(at(-2 * MINUTE, -1))).toMatchObject({ outcome: 'refused', kept: 0 });
    expect(await store(at(2 * MINUTE, 20 * MINUTE))).toMatchObject({ outcome: 'refused', kept: 0 });
    expect(await store(at(0, 45 * MINUTE + 1))).toMatchObject({ outcome: 'refused', kept: 0 });
    expect(await store(at(0, 365 * 24 * 60 * MINUTE))).toMatchObject({ outcome: 'refused', kept: 0 });
    expect(await store(at(0, 45 * MINUTE))).toMatchObject({ outcome: 'ok', kept: 1 });
    expect(await store(at(0.5 * MINUTE, 20 * MINUTE))).toMatchObject({ outcome: 'ok', kept: 1 });
  });

  it('[DHT13] are refused where a newer one is kept, also when replayed by somebody else', async () => {
    const { world, tab, node, link, record } = await store((draft) => draft);
    const newer = await sealRecord(node.identity, { ...record, sequence: 8 });
    const same = await sealRecord(node.identity, { ...record, value: utf8('another') });
    const put = async (raw: Uint8Array<ArrayBuffer>) =>
      (await node.ask(link, { to: tab.id, operation: { type: 'store', record: raw } }))?.outcome;
    expect(await put(same.bytes)).toBe('stale');
    expect(await put(record.bytes)).toBe('ok');
    expect(await put(newer.bytes)).toBe('ok');
    const other = await createHandNode(world);
    const theirs = await other.join(tab.id);
    const replay = await other.ask(theirs, {
      to: tab.id,
      operation: { type: 'store', record: record.bytes },
    });
    expect(replay?.outcome).toBe('stale');
    const found = await node.ask(link, { to: tab.id, operation: { type: 'find-value', key: record.key } });
    expect(found?.records).toEqual([newer.bytes]);
  });

  it('[DHT14] are refused where the node is not among those that should keep them', async () => {
    const world = await createWorld();
    const tab = await world.addTab();
    const nodes = [];
    for (let i = 0; i < 40; i += 1) nodes.push(await createHandNode(world));
    const links = [];
    for (const node of nodes) links.push(await node.join(tab.id));
    const ids = [tab.id, ...nodes.map(({ id }) => id)];
    const keys = Array.from({ length: 60 }, () => world.key());
    const rankOf = (key: RecordKey): number => closest(key, ids, ids.length).indexOf(tab.id);
    // As far as keys are from their nearest nodes, going by the tab's own.
    const eighth = closest(tab.id, ids.slice(1), 8)[7] as NodeId;
    const isNear = (key: RecordKey): boolean => distance(tab.id, key) <= 2n * distance(tab.id, eighth);
    const [first] = nodes;
    const [link] = links;
    if (!first || !link) throw new Error('no node');
    const outcomes = new Set<string>();
    for (const key of keys) {
      const now = world.clock.now();
      const draft = { key, slot: 0, sequence: 1, issued: now, expires: now + MINUTE, value: utf8('v') };
      const record = (await sealRecord(first.identity, draft)).bytes;
      const reply = await first.ask(link, { to: tab.id, operation: { type: 'store', record } });
      const expected = rankOf(key) < 16 || isNear(key) ? 'ok' : 'refused';
      expect(reply?.outcome).toBe(expected);
      outcomes.add(expected);
    }
    expect(outcomes).toEqual(new Set(['ok', 'refused']));
  });

  it('[DHT23] are not believed in answers, and do not hide the true ones', async () => {
    const world = await createWorld();
    await world.grow(6);
    const root = world.root();
    const [author, seeker] = [tabAt(world, 1), tabAt(world, 4)];
    author.dht.provide(root);
    await world.clock.advance(5_000);
    const liar = await seededIdentity(world.random);
    const liars = [];
    for (let i = 0; i < 3; i += 1) {
      const node = await createHandNode(world, (message) => {
        if (message.type !== 'request') return undefined;
        const records = forgedFor(
          message.operation.type === 'find-value' ? message.operation.key : undefined,
        );
        const { id } = message;
        return { type: 'reply', id, outcome: 'ok', hops: 0, nodes: [], answered: [], records };
      });
      await node.join(seeker.id);
      liars.push(node);
    }
    let told = 0;
    const now = world.clock.now();
    const genuine = await sealRecord(liar, {
      key: await providerKey(root),
      slot: 0,
      sequence: 1,
      issued: now,
      expires: now + MINUTE,
      value: providerValue.encode({ type: 'providing', proof: await holderProof(root, liar.id) }),
    });
    const stolen = forged(genuine);
    const expired = await sealRecord(liar, { ...genuine, issued: now - 2 * MINUTE, expires: now });
    // Who stores the record knows its key, but not the root behind it.
    const ignorant = await sealRecord(liar, {
      ...genuine,
      value: providerValue.encode({ type: 'providing', proof: new Uint8Array(32).fill(1) }),
    });
    const early = await sealRecord(liar, { ...genuine, issued: now + 2 * MINUTE, expires: now + 3 * MINUTE });
    const elsewhere = await sealRecord(liar, { ...genuine, key: world.key() });
    function forgedFor(key: unknown): Uint8Array<ArrayBuffer>[] {
      if (key === undefined) return [];
      told += 1;
      return [ignorant.bytes, stolen, expired.bytes, early.bytes, elsewhere.bytes, utf8('no record at all')];
    }
    const found: NodeId[] = [];
    const search = async (): Promise<void> => {
      for await (const id of seeker.dht.findProviders(root)) found.push(id);
    };
    await world.clock.until(search());
    expect(found).toEqual([author.id]);
    expect(told).toBeGreaterThan(0);
  });
});

/** Asks a tab to store a record, changed as given. */
async function store(change: (draft: RecordDraft) => RecordDraft, forge = false) {
  const world = await createWorld();
  const tab = await world.addTab();
  const node = await createHandNode(world);
  const link = await node.join(tab.id);
  const now = world.clock.now();
  const draft = {
    key: world.key(),
    slot: 0,
    sequence: 7,
    issued: now,
    expires: now + MINUTE,
    value: utf8('v'),
  };
  const record = await sealRecord(node.identity, change(draft));
  const raw = forge ? forged(record) : record.bytes;
  const reply = await node.ask(link, { to: tab.id, operation: { type: 'store', record: raw } });
  await world.clock.advance(200);
  return { world, tab, node, link, record, outcome: reply?.outcome, kept: tab.dht.state.get().records };
}

/** With these times, counted from now. */
function at(issued: number, expires: number): (draft: RecordDraft) => RecordDraft {
  return (draft) => ({ ...draft, issued: draft.issued + issued, expires: draft.issued + expires });
}

function distance(a: NodeId, b: RecordKey | NodeId): bigint {
  return BigInt(`0x${a}`) ^ BigInt(`0x${b}`);
}
