import { createLog, type LogEntry } from '@tabswarm/base';
import type { Transport } from '@tabswarm/net';
import { createMemoryNetwork } from '@tabswarm/net/memory';
import { concat, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import { compareDistance, type NodeId } from '@tabswarm/protocol/ids';
import { generateIdentityKeys, identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import {
  INTRODUCTION_VERSION,
  MAX_RELAY_HOPS,
  openEnvelope,
  relayMessage,
  sealEnvelope,
} from '@tabswarm/protocol/introduction';
import { createManualClock, type ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import type { Introducer } from '../src/introducer.ts';
import { createPeerIntroducer } from '../src/peer-introducer.ts';

interface Tab {
  readonly identity: Identity;
  readonly transport: Transport;
  readonly introducer: Introducer;
  readonly arrived: Bytes[];
  readonly entries: LogEntry[];
}

interface World {
  readonly clock: ManualClock;
  readonly tab: () => Promise<Tab>;
  /** So many, the first one being the farthest from the last one. */
  readonly line: (count: number) => Promise<Tab[]>;
  readonly link: (a: Tab, b: Tab) => Promise<void>;
  readonly sever: (a: Tab, b: Tab) => void;
  /** Introduction messages between two, so far. */
  readonly between: (a: Tab, b: Tab) => number;
}

function createWorld(): World {
  const clock = createManualClock();
  const sent = new Map<string, number>();
  const network = createMemoryNetwork(clock, {
    drops(from, to, protocol) {
      if (protocol === 'introduction') sent.set(from + to, (sent.get(from + to) ?? 0) + 1);
      return false;
    },
  });
  const tab = async (): Promise<Tab> => {
    const identity = await identityFromKeys(await generateIdentityKeys());
    const transport = network.transport(identity.id);
    const [arrived, entries]: [Bytes[], LogEntry[]] = [[], []];
    const introducer = createPeerIntroducer(transport, {
      clock,
      log: createLog((entry) => entries.push(entry)),
    });
    introducer.onEnvelope(({ envelope }) => arrived.push(envelope));
    await transport.start();
    return { identity, transport, introducer, arrived, entries };
  };
  return {
    clock,
    tab,
    async line(count) {
      const tabs = await Promise.all(Array.from({ length: count }, () => tab()));
      const { self } = (tabs[0] as Tab).transport;
      return tabs.toSorted((x, y) => compareDistance(self, y.transport.self, x.transport.self));
    },
    async link(a, b) {
      const dial = a.transport.dial(b.transport.self);
      await clock.advance(10);
      await dial;
    },
    sever: (a, b) => network.sever(a.transport.self, b.transport.self),
    between: (a, b) => sent.get(a.transport.self + b.transport.self) ?? 0,
  };
}

let sealed = 0;
async function seal(clock: ManualClock, from: Tab, to: NodeId, body = '[]'): Promise<Bytes> {
  sealed += 1;
  const session = new Uint8Array(16).fill(sealed);
  return sealEnvelope(from.identity, { kind: 'candidate', to, session, time: clock.now(), body: utf8(body) });
}

/** Hands an envelope to a neighbour as it is, as no honest tab would. */
async function push(from: Tab, to: Tab, envelope: Bytes): Promise<void> {
  const link = from.transport.link(to.transport.self);
  if (!link) throw new Error('not linked');
  await link.channel('introduction').send(relayMessage.encode({ hops: MAX_RELAY_HOPS, envelope }));
}

describe('carrying envelopes for others', () => {
  it('[WR4] goes around a link that is gone, and out of a dead end', async () => {
    const { clock, line, link, sever } = createWorld();
    const [origin, detour, relay, target] = (await line(4)) as [Tab, Tab, Tab, Tab];
    // The relay is nearest to the target and not linked to it; the tab that is, is farther than the relay.
    await link(origin, relay);
    await link(relay, detour);
    await link(detour, target);
    const to = target.transport.self;
    expect(await origin.introducer.carry(to, await seal(clock, origin, to))).toBe(true);
    await clock.advance(50);
    expect(target.arrived).toHaveLength(1);
    // The way back is the same one, until a link of it is lost.
    const back = origin.transport.self;
    await target.introducer.carry(back, await seal(clock, target, back), { via: detour.transport.self });
    await clock.advance(50);
    expect(origin.arrived).toHaveLength(1);
    await link(target, relay);
    sever(detour, target);
    await target.introducer.carry(back, await seal(clock, target, back), { via: detour.transport.self });
    await clock.advance(50);
    expect(origin.arrived).toHaveLength(2);
  });

  it('[WR4] an envelope that finds nobody is asked for over other links the next time', async () => {
    const { clock, tab, link, between } = createWorld();
    const origin = await tab();
    const neighbours = await Promise.all(Array.from({ length: 6 }, () => tab()));
    for (const neighbour of neighbours) await link(origin, neighbour);
    const stranger = (await tab()).transport.self;
    const asked = () => neighbours.map((neighbour) => between(origin, neighbour));
    await origin.introducer.carry(stranger, await seal(clock, origin, stranger));
    expect(asked().toSorted((a, b) => a - b)).toEqual([0, 0, 0, 1, 1, 1]);
    await clock.advance(1_000);
    await origin.introducer.carry(stranger, await seal(clock, origin, stranger));
    expect(asked()).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it('[WR4] carries nothing twice', async () => {
    const { clock, line, link, between } = createWorld();
    const [origin, relay, target] = (await line(3)) as [Tab, Tab, Tab];
    await link(origin, relay);
    await link(relay, target);
    const envelope = await seal(clock, origin, target.transport.self);
    for (let copy = 0; copy < 3; copy += 1) await push(origin, relay, envelope);
    await clock.advance(50);
    expect(between(relay, target)).toBe(1);
    expect(target.arrived).toHaveLength(1);
  });

  it('[IN10] carries no copy with other candidates in a description, or with more fields', async () => {
    const { clock, line, link, between } = createWorld();
    const [origin, relay, target] = (await line(3)) as [Tab, Tab, Tab];
    await link(origin, relay);
    await link(relay, target);
    const offer = await sealEnvelope(origin.identity, {
      kind: 'offer',
      to: target.transport.self,
      session: new Uint8Array(16),
      time: clock.now(),
      body: utf8(`v=0\r\na=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}\r\n`),
    });
    for (const version of ['v=0', 'v=1', 'v=2']) await push(origin, relay, replaced(offer, 'v=0', version));
    await clock.advance(50);
    expect(between(relay, target)).toBe(1);
    await push(origin, relay, replaced(offer, 'signature64:', 'signature64:', '3:zzz1:1'));
    await clock.advance(50);
    expect(between(relay, target)).toBe(1);
    expect(relay.transport.link(origin.transport.self)).toBeUndefined();
  });

  it('[IN10] a copy of a candidate by somebody else does not change the way back', async () => {
    const { clock, line, link, between, tab } = createWorld();
    const [origin, near, relay, target] = (await line(4)) as [Tab, Tab, Tab, Tab];
    const other = await tab();
    for (const [a, b] of [
      [origin, near],
      [near, relay],
      [relay, target],
      [other, relay],
    ] as const) {
      await link(a, b);
    }
    const envelope = await seal(clock, origin, target.transport.self);
    await push(origin, near, envelope);
    await clock.advance(50);
    await push(other, relay, replaced(envelope, '2:[]', '2:{}'));
    await clock.advance(50);
    expect(target.arrived).toHaveLength(2);
    const back = origin.transport.self;
    await target.introducer.carry(back, await seal(clock, target, back), { via: relay.transport.self });
    await clock.advance(50);
    expect(origin.arrived).toHaveLength(1);
    expect(between(relay, other)).toBe(0);
  });

  it('[IN8] carries nothing that is forged, and leaves who handed it over', async () => {
    const { clock, line, link } = createWorld();
    const [origin, relay, target] = (await line(3)) as [Tab, Tab, Tab];
    await link(origin, relay);
    await link(relay, target);
    const envelope = await seal(clock, origin, target.transport.self);
    const forged = envelope.map((byte, at) =>
      at === indexOf(envelope, '9:signature64:') + 20 ? byte ^ 1 : byte,
    );
    await push(origin, relay, new Uint8Array(forged));
    await clock.advance(50);
    expect(target.arrived).toEqual([]);
    expect(relay.transport.links().map(({ remote }) => remote)).toEqual([target.transport.self]);
    expect(relay.entries.some(({ message }) => message === 'a forged envelope')).toBe(true);
  });

  it('[IN8] opens what is for itself, as it has checked all of it', async () => {
    const { clock, line, link } = createWorld();
    const [origin, relay, target] = (await line(3)) as [Tab, Tab, Tab];
    await link(origin, relay);
    await link(relay, target);
    const opened: unknown[] = [];
    target.introducer.onEnvelope((arrival) => opened.push(arrival.opened));
    const envelope = await seal(clock, origin, target.transport.self);
    await push(origin, relay, envelope);
    await clock.advance(50);
    expect(opened).toEqual([await openEnvelope(envelope, target.transport.self, clock.now())]);
  });

  it('[IN8] carries nothing from another time, and thinks no worse of who handed it over', async () => {
    const { clock, line, link } = createWorld();
    const [origin, relay, target] = (await line(3)) as [Tab, Tab, Tab];
    await link(origin, relay);
    await link(relay, target);
    const envelope = await seal(clock, origin, target.transport.self);
    await clock.advance(61_000);
    await push(origin, relay, envelope);
    await clock.advance(50);
    expect(target.arrived).toEqual([]);
    expect(relay.transport.links()).toHaveLength(2);
  });
});

describe('limits of carrying', () => {
  it('[IN9] one tab gets so many through to one other, and to others all the same', async () => {
    const { clock, line, link } = createWorld();
    const [origin, relay, target, other] = (await line(4)) as [Tab, Tab, Tab, Tab];
    for (const neighbour of [origin, target, other]) await link(relay, neighbour);
    for (let i = 0; i < 40; i += 1) {
      await push(origin, relay, await seal(clock, origin, target.transport.self));
      await clock.advance(50);
    }
    // 24 at once, and one more in two seconds.
    expect(target.arrived.length).toBeGreaterThanOrEqual(24);
    expect(target.arrived.length).toBeLessThanOrEqual(26);
    expect(relay.entries.some(({ fields }) => fields['limit'] === 'pair')).toBe(true);
    await push(origin, relay, await seal(clock, origin, other.transport.self));
    await clock.advance(50);
    expect(other.arrived).toHaveLength(1);
    expect(relay.transport.links()).toHaveLength(3);
  });

  it('[IN9] what goes between two is bounded in bytes as well', async () => {
    const { clock, line, link } = createWorld();
    const [origin, relay, target] = (await line(3)) as [Tab, Tab, Tab];
    await link(origin, relay);
    await link(relay, target);
    const junk = 'x'.repeat(8_000);
    for (let i = 0; i < 20; i += 1) {
      await push(origin, relay, await seal(clock, origin, target.transport.self, junk));
      await clock.advance(50);
    }
    const bytes = target.arrived.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes).toBeGreaterThan(30_000);
    expect(bytes).toBeLessThanOrEqual(50_000);
  });

  it('[IN9] verifies no signature of what is more than all may have carried', async () => {
    const { clock, line, tab, link } = createWorld();
    const [origin, relay, target] = (await line(3)) as [Tab, Tab, Tab];
    await link(origin, relay);
    await link(relay, target);
    const flooders = await Promise.all(Array.from({ length: 7 }, () => tab()));
    for (const flooder of flooders) await link(flooder, relay);
    // As of a newer version, which may sign in another way: nobody loses a link by it.
    const forged = async (number: number): Promise<Bytes> =>
      replaced(
        await seal(clock, origin, target.transport.self, `[${number}]`),
        `versioni${INTRODUCTION_VERSION}e`,
        `versioni${INTRODUCTION_VERSION + 1}e`,
      );
    for (let i = 0; i < 120; i += 1) {
      for (const flooder of flooders)
        await push(flooder, relay, await forged(i * 7 + flooders.indexOf(flooder)));
    }
    await clock.advance(20);
    const count = (wanted: string) => relay.entries.filter(({ message }) => message === wanted).length;
    expect(count('a forged envelope')).toBeGreaterThanOrEqual(600);
    expect(count('a forged envelope')).toBeLessThanOrEqual(602);
    expect(count('a forged envelope') + count('too much to carry')).toBe(840);
    // What is for this tab itself is not kept from it.
    for (let i = 900; i < 910; i += 1) await push(origin, relay, await forged(i));
    await push(origin, relay, await seal(clock, origin, relay.transport.self));
    await clock.advance(20);
    expect(relay.arrived).toHaveLength(1);
  });

  it('[IN9] one link has so many carried, whoever they say they are from and for', async () => {
    const { clock, line, tab, link } = createWorld();
    const [origin, relay, target] = (await line(3)) as [Tab, Tab, Tab];
    await link(origin, relay);
    await link(relay, target);
    // One key after the other, as a flooder would make them.
    const names = await Promise.all(Array.from({ length: 10 }, () => tab()));
    for (let i = 0; i < 200; i += 1) {
      await push(origin, relay, await seal(clock, names[i % 10] as Tab, target.transport.self));
    }
    await clock.advance(100);
    expect(target.arrived.length).toBeGreaterThanOrEqual(115);
    expect(target.arrived.length).toBeLessThanOrEqual(125);
    expect(relay.entries.some(({ message }) => message === 'a peer has too much carried')).toBe(true);
  });
});

/** With other text in one place, of the same length, and perhaps a field more at its end. */
function replaced(bytes: Bytes, before: string, after: string, field = ''): Bytes {
  const out = bytes.slice();
  out.set(utf8(after), indexOf(bytes, before));
  return field === '' ? out : concat(out.slice(0, -1), utf8(`${field}e`));
}

function indexOf(bytes: Bytes, text: string): number {
  return Array.from(bytes, (byte) => String.fromCodePoint(byte))
    .join('')
    .indexOf(text);
}
