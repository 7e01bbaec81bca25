import { silentLog } from '@tabswarm/base';
import { createDht } from '@tabswarm/dht';
import { createMemoryNetwork } from '@tabswarm/net/memory';
import type { Bytes } from '@tabswarm/protocol/bytes';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createManualClock, createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createNetwork } from '../src/network.ts';

async function openTab(
  clock: ReturnType<typeof createManualClock>,
  net: ReturnType<typeof createMemoryNetwork>,
) {
  const identity = await identityFromKeys(await generateIdentityKeys());
  const transport = net.transport(identity.id);
  const random = createSeededRandom(7);
  const dht = createDht({ transport, identity, clock, random, log: silentLog });
  await transport.start();
  await dht.start();
  // Somebody watches, as the page does: otherwise lookups leave no trace.
  dht.state.subscribe(() => undefined);
  return { transport, dht, network: createNetwork({ transport, dht, clock, random }) };
}

async function openTwo() {
  const clock = createManualClock();
  const net = createMemoryNetwork(clock);
  const [a, b] = [await openTab(clock, net), await openTab(clock, net)];
  const dialing = a.transport.dial(b.transport.self);
  await clock.advance(1_000);
  return { clock, a, b, link: await dialing };
}

describe('the links of a tab', () => {
  it('have a place in the overlay as soon as the other side takes part', async () => {
    const clock = createManualClock();
    const net = createMemoryNetwork(clock);
    const a = await openTab(clock, net);
    expect(a.network.peers()).toEqual([]);
    const stranger = await identityFromKeys(await generateIdentityKeys());
    const plain = net.transport(stranger.id);
    await plain.start();
    const dialing = a.transport.dial(stranger.id);
    await clock.advance(1_000);
    await dialing;
    expect(a.network.peers()).toMatchObject([{ id: stranger.id, bucket: undefined }]);

    const b = await openTab(clock, net);
    const second = a.transport.dial(b.transport.self);
    await clock.advance(1_000);
    await second;
    const place = a.network.peers().find(({ id }) => id === b.transport.self);
    expect(place?.bucket).toBe(commonBits(a.transport.self, b.transport.self));
  });

  it('have rates that follow what flows, and fall to nothing after it', async () => {
    const { clock, a, b, link } = await openTwo();
    b.transport.link(a.transport.self)?.bulk.receive(() => undefined);
    const rateOf = (tab: typeof a): number => {
      const [peer] = tab.network.peers();
      return Math.round(Math.max(peer?.upRate ?? 0, peer?.downRate ?? 0));
    };
    const chunk: Bytes = new Uint8Array(10_000);
    for (let tick = 0; tick < 20; tick += 1) {
      await link.bulk.send(chunk);
      await clock.advance(500);
      rateOf(a);
      rateOf(b);
    }
    expect(a.network.peers()[0]?.upRate).toBeGreaterThan(18_000);
    expect(a.network.peers()[0]?.upRate).toBeLessThan(22_000);
    expect(a.network.peers()[0]?.downRate).toBeLessThan(1_000);
    expect(b.network.peers()[0]?.downRate).toBeGreaterThan(18_000);
    // Looking twice at the same moment is no new sample.
    expect(rateOf(a)).toBe(rateOf(a));
    for (let tick = 0; tick < 5; tick += 1) {
      await clock.advance(500);
      rateOf(a);
    }
    expect(rateOf(a)).toBeLessThan(1_000);
  });
});

describe('a lookup for the curious', () => {
  it('is in the view, as one that somebody asked for', async () => {
    const { clock, a, b } = await openTwo();
    const exploring = a.network.explore();
    await clock.advance(2_000);
    const { requests, hops } = await exploring;
    expect({ requests, hops }).toEqual({ requests: 1, hops: 1 });
    const { lookups } = a.network.view();
    const shown = lookups.findLast(({ purpose }) => purpose === 'find-nodes');
    expect(shown?.paths).toMatchObject([{ asked: b.transport.self, outcome: 'answered' }]);
    expect(shown?.endedAt).toBeDefined();
  });

  it('names those on the way to a tab that is not linked', async () => {
    const clock = createManualClock();
    const ends = new Set<string>();
    const net = createMemoryNetwork(clock, { connectable: (from, to) => !(ends.has(from) && ends.has(to)) });
    const [a, b, c] = [await openTab(clock, net), await openTab(clock, net), await openTab(clock, net)];
    const [middle, far] = [b.transport.self, c.transport.self];
    ends.add(a.transport.self).add(c.transport.self);
    for (const end of [a, c]) {
      const dialing = end.transport.dial(b.transport.self);
      await clock.advance(1_000);
      await dialing;
    }
    const exploring = a.network.explore();
    await clock.advance(5_000);
    const { nodes } = await exploring;
    expect(new Set(nodes)).toEqual(new Set([a.transport.self, middle, far]));
    const shown = a.network.view().lookups.findLast(({ purpose }) => purpose === 'find-nodes');
    expect(shown?.paths.find(({ asked }) => asked === far) ?? shown?.paths[0]).toMatchObject({
      outcome: 'answered',
      nodes: [middle, far],
      hops: 2,
    });
  });

  it('says that there is nobody to ask', async () => {
    const clock = createManualClock();
    const { network } = await openTab(clock, createMemoryNetwork(clock));
    await expect(network.explore()).rejects.toMatchObject({ name: 'NoNetworkError' });
    expect(network.view()).toEqual({ contacts: 0, lookups: [] });
  });
});

/** By the definition: where their difference begins. */
function commonBits(a: string, b: string): number {
  return 256 - (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).length;
}
