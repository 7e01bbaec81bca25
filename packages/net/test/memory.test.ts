import { systemClock } from '@tabswarm/base';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { describeTransportContract } from '../src/contract.ts';
import { createMemoryNetwork, type MemoryNetworkOptions } from '../src/memory.ts';

const node = (value: number): NodeId => idFromBytes<NodeId>(new Uint8Array(32).fill(value));

describeTransportContract('the in-memory network', async (count) => {
  const network = createMemoryNetwork(systemClock);
  const transports = Array.from({ length: count }, (_, i) => network.transport(node(i + 1)));
  for (const transport of transports) await transport.start();
  return {
    transports,
    stop: async () => {
      for (const transport of transports) await transport.stop();
    },
  };
});

describe('the in-memory network, for simulations', () => {
  it('takes the time of the latency, and no more', async () => {
    const { clock, a, b } = await pair({ latencyMs: () => 50 });
    const dial = a.dial(b.self);
    await clock.advance(199);
    expect(a.links()).toEqual([]);
    await clock.advance(1);
    const link = await dial;
    const got: number[] = [];
    b.link(a.self)
      ?.channel('dht')
      .receive((message) => got.push(message[0] as number));
    await link.channel('dht').send(Uint8Array.of(9));
    await clock.advance(49);
    expect(got).toEqual([]);
    await clock.advance(1);
    expect(got).toEqual([9]);
    expect(link.stats().rttMs).toBe(100);
  });

  it('keeps pairs apart that have no path', async () => {
    const { clock, a, b } = await pair({ connectable: () => false });
    const dial = a.dial(b.self).catch((cause: unknown) => cause);
    await clock.advance(100);
    expect(await dial).toMatchObject({ name: 'UnreachableError', reason: 'no-path' });
  });

  it('declines links over the limit of the one dialed', async () => {
    const { clock, network, a, b } = await pair({ maxLinks: 1 });
    const c = network.transport(node(3));
    await c.start();
    const first = a.dial(b.self);
    await clock.advance(100);
    await first;
    const second = c.dial(b.self).catch((cause: unknown) => cause);
    await clock.advance(100);
    expect(await second).toMatchObject({ reason: 'declined' });
  });

  it('[NT9] ends a link on which too much arrives that nobody receives', async () => {
    const { clock, a, b } = await pair();
    const dial = a.dial(b.self);
    await clock.advance(10);
    const link = await dial;
    for (let i = 0; i < 256; i += 1) await link.channel('dht').send(Uint8Array.of(1));
    await clock.advance(10);
    expect(link.closed.aborted).toBe(false);
    await link.channel('dht').send(Uint8Array.of(1));
    await clock.advance(10);
    expect(link.closed.aborted).toBe(true);
  });

  it('[NT12] can lose a link without a word', async () => {
    const { clock, network, a, b } = await pair();
    const dial = a.dial(b.self);
    await clock.advance(10);
    const near = await dial;
    const far = b.link(a.self);
    network.sever(b.self, a.self);
    expect([near.closed.reason, far?.closed.reason]).toMatchObject([{ reason: 'lost' }, { reason: 'lost' }]);
    expect([a.links(), b.links()]).toEqual([[], []]);
  });

  it('shares the line of a node among its links, and bounds it', async () => {
    const { clock, network, a, b } = await pair({
      uplink: (self) => (self === node(1) ? 1_000_000 : undefined),
    });
    const c = network.transport(node(3));
    await c.start();
    const dials = Promise.all([a.dial(b.self), a.dial(c.self)]);
    await clock.advance(10);
    const links = await dials;
    const received = [b, c].map((other) => {
      const seen = { bytes: 0 };
      other.link(a.self)?.bulk.receive((message) => (seen.bytes += message.byteLength));
      return seen;
    });
    const stop = new AbortController();
    for (const link of links) {
      const pump = async (): Promise<void> => {
        for (;;) await link.bulk.send(new Uint8Array(10_000), stop);
      };
      pump().catch(() => undefined);
    }
    const done: number[] = [];
    b.link(a.self)
      ?.channel('dht')
      .receive(() => done.push(clock.now()));
    await clock.advance(1_000);
    const sentAt = clock.now();
    await links[0].channel('dht').send(Uint8Array.of(1));
    await clock.advance(1_000);
    stop.abort(new Error('enough'));
    for (const { bytes } of received) expect(Math.abs(bytes - 1_000_000)).toBeLessThan(30_000);
    // Other messages do not wait for it.
    expect(done).toEqual([sentAt + 1]);
    const before = links.map((link) => link.stats().bytesSent);
    await clock.advance(1_000);
    expect(links.map((link) => link.stats().bytesSent)).toEqual(before);
    // What was in the buffer has left; nothing of it waits.
    expect(clock.pending()).toBe(0);
  });

  it('leaves no timer and no listener behind a dial that was given up', async () => {
    const { clock, a, b } = await pair();
    const controller = new AbortController();
    const dial = a.dial(b.self, { signal: controller.signal }).catch((cause: unknown) => cause);
    expect(clock.pending()).toBe(1);
    controller.abort(new Error('enough'));
    expect(await dial).toMatchObject({ message: 'enough' });
    expect(clock.pending()).toBe(0);
  });
});

async function pair(options: MemoryNetworkOptions = {}) {
  const clock = createManualClock();
  const network = createMemoryNetwork(clock, options);
  const a = network.transport(node(1));
  const b = network.transport(node(2));
  await a.start();
  await b.start();
  return { clock, network, a, b };
}
