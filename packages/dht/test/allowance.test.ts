import { utf8 } from '@tabswarm/protocol/bytes';
import { sealRecord } from '@tabswarm/protocol/dht';
import type { Link } from '@tabswarm/net';
import { describe, expect, it } from 'vitest';
import { randomIdInBucket } from '../src/distance.ts';
import { createHandNode, forged, type HandNode } from './support/node.ts';
import { createWorld, type Tab, type World } from './support/world.ts';

interface Pair {
  readonly world: World;
  readonly tab: Tab;
  readonly node: HandNode;
  readonly link: Link;
}

async function pair(): Promise<Pair> {
  const world = await createWorld();
  const tab = await world.addTab();
  const node = await createHandNode(world);
  return { world, tab, node, link: await node.join(tab.id) };
}

/** A forged record costs its sender the link, if anybody looks at it. */
async function forgedRecord({ world, node }: Pair): Promise<Uint8Array<ArrayBuffer>> {
  const issued = world.clock.now();
  const draft = {
    key: world.key(),
    slot: 0,
    sequence: 1,
    issued,
    expires: issued + 60_000,
    value: utf8('v'),
  };
  return forged(await sealRecord(node.identity, draft));
}

describe('what one neighbour may have a tab do', () => {
  it('[DHT27] ends with 400 requests at once, and goes on with 100 a second', async () => {
    const { world, tab, node, link: first } = await pair();
    let link = first;
    const ping = async (count: number): Promise<void> => {
      for (let id = 1; id <= count; id += 1) {
        await node.say(link, {
          type: 'request',
          id,
          lookup: world.random.bytes(8),
          to: tab.id,
          hops: 3,
          budget: 4_000,
          visited: [],
          prove: false,
          operation: { type: 'ping' },
        });
        // Not so many at one moment that the answers would not fit into the link's buffer.
        if (id % 50 === 0) await world.clock.advance(2);
      }
    };
    await ping(600);
    await world.clock.advance(100);
    const atOnce = node.gotOf('reply').length;
    expect(atOnce).toBeGreaterThanOrEqual(400);
    expect(atOnce).toBeLessThanOrEqual(400 + 100 * 0.03);
    // Whoever comes anew has no other.
    link.close('leaving');
    await world.clock.advance(900);
    link = await node.join(tab.id);
    await ping(300);
    await world.clock.advance(100);
    expect(node.gotOf('reply').length - atOnce).toBeGreaterThanOrEqual(100);
    expect(node.gotOf('reply').length - atOnce).toBeLessThanOrEqual(120);
  });

  it('[DHT27] ends with 1,024 records handed over: further ones are not even verified', async () => {
    const all = await pair();
    const record = await forgedRecord(all);
    const issued = all.world.clock.now();
    const draft = { key: all.world.key(), slot: 0, sequence: 1, issued, expires: issued + 60_000 };
    const { bytes: good } = await sealRecord(all.node.identity, { ...draft, value: utf8('good') });
    for (let i = 0; i < 1_024; i += 1) await all.node.say(all.link, { type: 'hand', record: good });
    await all.node.say(all.link, { type: 'hand', record });
    await all.world.clock.advance(20);
    expect(all.link.closed.aborted).toBe(false);
    await all.world.clock.advance(1_000);
    await all.node.say(all.link, { type: 'hand', record });
    await all.world.clock.advance(20);
    expect(all.link.closed.reason).toMatchObject({ reason: 'protocol-error' });
  });

  it('[DHT27] ends with 256 nodes that it tells of, and goes on with 2 a second', async () => {
    const { world, tab, node, link } = await pair();
    const tell = async (): Promise<void> => {
      for (let i = 0; i < 8; i += 1) {
        // Spread over the buckets, each of which has room for 20.
        const links = Array.from({ length: 64 }, (_, at) => randomIdInBucket(tab.id, at, world.random));
        await node.say(link, { type: 'contacts', links });
      }
    };
    await tell();
    await world.clock.advance(200);
    expect(contactsOf(tab)).toBe(256);
    await world.clock.advance(10_000);
    await tell();
    await world.clock.advance(200);
    expect(contactsOf(tab)).toBeGreaterThanOrEqual(256 + 18);
    expect(contactsOf(tab)).toBeLessThanOrEqual(256 + 22);
  });
});

function contactsOf(tab: Tab): number {
  const state = tab.dht.state.get();
  return 'contacts' in state ? state.contacts : 0;
}
