import { fromHex, utf8 } from '@tabswarm/protocol/bytes';
import {
  dhtMessage,
  openRecord,
  proveAnswer,
  sealRecord,
  type DhtMessage,
  type DhtMessageOf,
} from '@tabswarm/protocol/dht';
import type { LinkClosedError } from '@tabswarm/net';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { closest } from '../src/distance.ts';
import { idNear } from '../sim/adversaries.ts';
import { NoRouteError, UnsureError } from '../src/index.ts';
import { createHandNode, forged, type HandNode } from './support/node.ts';
import { createWorld, seededIdentity, tabAt, type Tab } from './support/world.ts';

const MINUTE = 60_000;

describe('nodes that do not answer', () => {
  it('[DHT9] are passed over: lookups still find all others', async () => {
    const dropping = new Set<NodeId>();
    const world = await createWorld({
      drops: (from, _to, protocol) => protocol === 'dht' && dropping.has(from),
    });
    await world.grow(20);
    const root = world.root();
    const publisher = tabAt(world, 0);
    publisher.dht.provide(root);
    await world.clock.advance(5_000);
    for (const index of [3, 7, 11, 19]) dropping.add(tabAt(world, index).id);
    const honest = world.tabs.filter(({ id }) => !dropping.has(id));
    const dials = world.dials();
    for (const tab of honest) {
      const key = world.key();
      const started = world.clock.now();
      const found = await world.clock.until(tab.dht.findNode(key));
      const expected = closest(
        key,
        honest.map(({ id }) => id),
        8,
      );
      expect(found.nodes).toEqual(expected);
      expect(world.clock.now() - started).toBeLessThanOrEqual(8_000);
      const providers: NodeId[] = [];
      const search = async (): Promise<void> => {
        for await (const id of tab.dht.findProviders(root)) providers.push(id);
      };
      await world.clock.until(search());
      expect(providers).toEqual([publisher.id]);
    }
    expect(world.dials()).toBe(dials);
  });

  it('[DHT9] end a lookup after 8 seconds at the latest, however they dawdle', async () => {
    const world = await createWorld();
    const tab = await world.addTab();
    for (let i = 0; i < 12; i += 1) {
      const node = await createHandNode(world, (message) =>
        message.type === 'request' ? { type: 'forwarded', id: message.id } : undefined,
      );
      await node.join(tab.id);
    }
    const started = world.clock.now();
    const found = await world.clock.until(tab.dht.findNode(world.key()));
    expect(found.nodes).toEqual([tab.id]);
    expect(world.clock.now() - started).toBeLessThanOrEqual(8_000);
    expect(world.clock.now() - started).toBeGreaterThan(3_000);
  });
});

describe('liars', () => {
  it('[DHT10] cannot invent the neighbourhood of a key', async () => {
    const world = await createWorld();
    await world.grow(12);
    const key = world.key();
    const invented = Array.from({ length: 8 }, (_, i) =>
      idFromBytes<NodeId>(fromHex(`${key.slice(0, 62)}${(i + 16).toString(16)}`)),
    );
    const liar = await createHandNode(world, (message) => {
      if (message.type !== 'request') return undefined;
      const { id } = message;
      const answered = [liarId(), ...invented];
      return { type: 'reply', id, outcome: 'ok', hops: 0, nodes: invented, answered, records: [] };
    });
    const liarId = (): NodeId => liar.id;
    const seeker = tabAt(world, 5);
    await liar.join(seeker.id);
    const found = await world.clock.until(seeker.dht.findNode(key));
    expect(found.nodes).toEqual(closest(key, [...world.tabs.map(({ id }) => id), liar.id], 8));
  });

  it('[DHT29] cannot pass off a superseded record as the newest, by keeping a lookup from all others', async () => {
    const world = await createWorld();
    const seeker = await world.addTab();
    const author = await seededIdentity(world.random);
    const key = world.key();
    const now = world.clock.now();
    const draft = { key, slot: 0, issued: now, expires: now + MINUTE, value: utf8('v') };
    const { bytes: superseded } = await sealRecord(author, { ...draft, sequence: 1 });
    const invented = Array.from({ length: 8 }, () => idNear<NodeId>(key, 24, world.random));
    for (let i = 0; i < 3; i += 1) {
      const liar = await createHandNode(world, saying([superseded], invented));
      await liar.join(seeker.id);
    }
    const read = world.clock.until(seeker.dht.get(key));
    await expect(read).rejects.toBeInstanceOf(UnsureError);
    await expect(read).rejects.toMatchObject({ records: [{ sequence: 1 }] });
    // With nobody else around what they say is all there is.
    const alone = await world.addTab();
    const honest = await createHandNode(world, saying([superseded], []));
    await honest.join(alone.id);
    const found = await world.clock.until(alone.dht.get(key));
    expect(found.map(({ sequence }) => sequence)).toEqual([1]);
  });

  it('[DHT29] cannot make a small network unsure, by silence or by inventing nodes', async () => {
    for (const count of [2, 3, 4]) {
      const world = await createWorld();
      await world.grow(count);
      const [author, seeker] = [tabAt(world, 0), tabAt(world, count - 1)];
      const key = world.key();
      await world.clock.until(author.dht.put({ key, value: utf8('v') }));
      const invented = Array.from({ length: 8 }, () => idNear<NodeId>(key, 24, world.random));
      const silent = await createHandNode(world);
      await silent.join(seeker.id);
      expect(await world.clock.until(seeker.dht.get(key))).toHaveLength(1);
      silent.transport.link(seeker.id)?.close('leaving');
      await (await createHandNode(world, saying([], invented))).join(seeker.id);
      expect(await world.clock.until(seeker.dht.get(key))).toHaveLength(1);
    }
  });

  it('[DHT22] cannot answer for a node behind them, and lose their link for it', async () => {
    const world = await createWorld();
    const [tab, behind] = [await world.addTab(), await world.addTab()];
    let proof: DhtMessageOf<'reply'>['proof'];
    let asked = 0;
    const liar: HandNode = await createHandNode(world, (message) => {
      if (message.type !== 'request') return undefined;
      asked += message.to === behind.id && message.prove ? 1 : 0;
      const { id } = message;
      return {
        type: 'reply',
        id,
        outcome: 'ok',
        hops: 0,
        nodes: [],
        answered: [behind.id],
        records: [],
        proof,
      };
    });
    const ping = async (): Promise<void> => {
      const link = await liar.join(tab.id);
      await expect(world.clock.until(tab.dht.ping(behind.id))).rejects.toBeInstanceOf(NoRouteError);
      await world.clock.advance(100);
      expect((link.closed.reason as LinkClosedError).reason).toBe('protocol-error');
    };
    await ping();
    const answer = { outcome: 'ok', nodes: [], answered: [behind.id], records: [] } as const;
    proof = await proveAnswer(liar.identity, { ...answer, lookup: new Uint8Array(8) });
    await ping();
    // An answer that the node did give, to another question.
    proof = await proveAnswer(behind.identity, { ...answer, lookup: new Uint8Array(8) });
    await ping();
    expect(asked).toBe(3);
  });

  it('[DHT22] cannot make a tab expel the honest ones in between, by answering without a proof', async () => {
    const world = await createWorld();
    await world.grow(2);
    const [asker, between] = world.tabs as [Tab, Tab];
    const liar = await createHandNode(world, (message) =>
      message.type === 'request'
        ? { type: 'reply', id: message.id, outcome: 'ok', hops: 0, nodes: [], answered: [], records: [] }
        : undefined,
    );
    const link = await liar.join(between.id);
    // Told of each other they would link up; the way through the one in between is what is meant here.
    world.network.sever(asker.id, liar.id);
    await expect(world.clock.until(asker.dht.ping(liar.id))).rejects.toBeInstanceOf(NoRouteError);
    await world.clock.advance(100);
    expect(asker.transport.link(between.id)).toBeDefined();
    // The one in between knows who it was.
    expect((link.closed.reason as LinkClosedError).reason).toBe('protocol-error');
  });

  it('[DHT22] cannot make a tab expel the honest ones that it asks through, by asking for no proof', async () => {
    const world = await createWorld();
    await world.grow(3);
    const far = tabAt(world, 0);
    const [middleId, nearId] = closest(far.id, [tabAt(world, 1).id, tabAt(world, 2).id], 2);
    const near = world.tabs.find(({ id }) => id === nearId) as Tab;
    // A line: what the tab in front is asked for comes by way of the one in the middle.
    world.network.sever(near.id, far.id);
    const asker = await createHandNode(world);
    const link = await asker.join(near.id);
    const reply = await asker.ask(link, { to: far.id, operation: { type: 'ping' }, prove: false });
    expect(reply?.outcome).toBe('ok');
    expect(near.transport.link(middleId as NodeId)).toBeDefined();
  });

  it('[DHT20] lose their link for a message that is malformed, of unknown type or too long', async () => {
    const world = await createWorld();
    const tab = await world.addTab();
    for (const raw of [
      utf8('nonsense'),
      utf8('d4:type7:unknowne'),
      new Uint8Array(),
      utf8('d6:budgeti-1e2:idi1ee'),
      dhtMessage.encode({
        type: 'request',
        id: 1,
        lookup: new Uint8Array(8),
        hops: 1,
        budget: 1,
        visited: [],
        prove: false,
        operation: { type: 'ping' },
      }),
    ]) {
      const node = await createHandNode(world);
      const link = await node.join(tab.id);
      await node.sayRaw(link, raw);
      await world.clock.advance(100);
      expect(link.closed.reason).toMatchObject({ reason: 'protocol-error' });
    }
    expect(tab.dht.state.get()).toMatchObject({ state: 'alone' });
  });

  it('[DHT20] lose their link for handing over a record that is forged', async () => {
    const world = await createWorld();
    const tab = await world.addTab();
    const node = await createHandNode(world);
    const link = await node.join(tab.id);
    const now = world.clock.now();
    const draft = {
      key: world.key(),
      slot: 0,
      sequence: 1,
      issued: now,
      expires: now + MINUTE,
      value: utf8('v'),
    };
    const record = forged(await sealRecord(node.identity, draft));
    await expect(openRecord(record)).rejects.toMatchObject({ code: 'forged' });
    await node.say(link, { type: 'hand', record });
    await world.clock.advance(100);
    expect(link.closed.reason).toMatchObject({ reason: 'protocol-error' });
  });

  it('[DHT2] take no part before their greeting, or with another version', async () => {
    const world = await createWorld();
    const tab = await world.addTab();
    const silent = await createHandNode(world);
    await world.clock.until(silent.transport.dial(tab.id));
    const newer = await createHandNode(world);
    const link = await world.clock.until(newer.transport.dial(tab.id));
    await newer.say(link, { type: 'hello', version: 2, links: [] });
    await world.clock.advance(500);
    expect(tab.dht.state.get()).toMatchObject({ state: 'alone', links: 0 });
    expect(newer.got[0]).toEqual({ type: 'hello', version: 1, links: [] });
    await newer.say(link, { type: 'hello', version: 1, links: [] });
    await world.clock.advance(500);
    expect(tab.dht.state.get()).toMatchObject({ state: 'linked', links: 1 });
  });
});

/** Answers every request with these. */
function saying(records: Uint8Array<ArrayBuffer>[], nodes: NodeId[]) {
  return (message: DhtMessage): DhtMessage | undefined =>
    message.type === 'request'
      ? { type: 'reply', id: message.id, outcome: 'ok', hops: 0, nodes, answered: [], records }
      : undefined;
}
