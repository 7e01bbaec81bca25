import { ProtocolError } from '@tabswarm/protocol/error';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeChannels } from './contract-channels.ts';
import {
  collectLinks,
  eventually,
  linkedPair,
  type ContractWorld,
  type TransportFixture,
} from './contract-support.ts';
import { LinkClosedError, type Link } from './link.ts';
import { UnreachableError } from './transport.ts';

export type { TransportFixture } from './contract-support.ts';

/*
 * What every Transport does, whatever it is made of. Rule ids are those of section NT in packages/protocol/SPEC.md.
 * The suite runs in real time and in browsers: it waits for states, never for a number of milliseconds.
 */

/** Makes `count` started transports, each of which can reach every other, with no link yet. */
export type MakeTransports = (count: number) => Promise<TransportFixture>;

export function describeTransportContract(name: string, make: MakeTransports): void {
  describe(`${name} as a Transport`, () => {
    let fixture: TransportFixture;
    let world: ContractWorld;
    beforeEach(async () => {
      fixture = await make(3);
      const [a, b, c] = fixture.transports;
      if (!a || !b || !c) throw new Error('the contract needs three transports');
      world = { a, b, c };
    });
    afterEach(() => fixture.stop());

    describeDialing(() => world);
    describeChannels(() => world);
    describeEnds(() => world);
  });
}

function describeDialing(world: () => ContractWorld): void {
  it('[NT1] makes one link that both sides see', async () => {
    const { a, b, c } = world();
    const seenByA = collectLinks(a);
    const seenByB = collectLinks(b);
    const link = await a.dial(b.self);
    expect(link.remote).toBe(b.self);
    await eventually(() => expect(seenByB.map((seen) => seen.remote)).toEqual([a.self]));
    expect(seenByA).toEqual([link]);
    expect(a.links()).toEqual([link]);
    expect(a.link(b.self)).toBe(link);
    expect(b.link(a.self)).toBe(seenByB[0]);
    expect(link.closed.aborted).toBe(false);
    expect(c.links()).toEqual([]);
  });

  it('[NT1] links three nodes pairwise, independently of one another', async () => {
    const { a, b, c } = world();
    await Promise.all([a.dial(b.self), b.dial(c.self), c.dial(a.self)]);
    await eventually(() => {
      for (const transport of [a, b, c]) expect(transport.links()).toHaveLength(2);
    });
    a.link(b.self)?.close('pruned');
    await eventually(() => expect(b.link(a.self)).toBeUndefined());
    expect(c.links()).toHaveLength(2);
    expect(a.link(c.self)?.closed.aborted).toBe(false);
  });

  it('[NT2] has at most one link per pair, whoever dials and however often', async () => {
    const { a, b } = world();
    const seenByA = collectLinks(a);
    const seenByB = collectLinks(b);
    const [first, second, theirs] = await Promise.all([a.dial(b.self), a.dial(b.self), b.dial(a.self)]);
    expect(second).toBe(first);
    expect(await a.dial(b.self)).toBe(first);
    expect(b.link(a.self)).toBe(theirs);
    expect(seenByA).toEqual([first]);
    expect(seenByB).toEqual([theirs]);
    expect(a.links()).toHaveLength(1);
    expect(b.links()).toHaveLength(1);
  });

  it('[NT3] refuses a node that is not there, and itself, with an UnreachableError', async () => {
    const { a } = world();
    const nobody = idFromBytes<NodeId>(new Uint8Array(32).fill(7));
    const failure = await a.dial(nobody).catch((cause: unknown) => cause);
    expect(failure).toBeInstanceOf(UnreachableError);
    expect(failure).toMatchObject({ node: nobody, reason: 'absent' });
    await expect(a.dial(a.self)).rejects.toBeInstanceOf(UnreachableError);
    expect(a.links()).toEqual([]);
  });

  it('[NT4] gives up a dial with the reason of its signal, and leaves other dials to that node alone', async () => {
    const { a, b } = world();
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const given = a.dial(b.self, { signal: controller.signal });
    const kept = a.dial(b.self);
    controller.abort(reason);
    await expect(given).rejects.toBe(reason);
    expect((await kept).remote).toBe(b.self);
    expect(a.links()).toHaveLength(1);
  });

  it('[NT5] stops calling a listener that unsubscribed', async () => {
    const { a, b, c } = world();
    const seen: NodeId[] = [];
    const unsubscribe = a.onLink((link) => seen.push(link.remote));
    await b.dial(a.self);
    await eventually(() => expect(seen).toEqual([b.self]));
    unsubscribe();
    await c.dial(a.self);
    await eventually(() => expect(a.links()).toHaveLength(2));
    expect(seen).toEqual([b.self]);
  });
}

function describeEnds(world: () => ContractWorld): void {
  it('[NT12] tells the other side why a link ends, and forgets the link on both', async () => {
    const { a, b } = world();
    const near = await a.dial(b.self);
    await eventually(() => expect(b.link(a.self)).toBeDefined());
    const far = b.link(a.self) as Link;
    near.close('pruned');
    near.close('idle');
    expect(near.closed.aborted).toBe(true);
    expect(near.closed.reason).toBeInstanceOf(LinkClosedError);
    expect(reasonOf(near)).toBe('pruned');
    expect(a.links()).toEqual([]);
    await eventually(() => expect(far.closed.aborted).toBe(true));
    expect(far.closed.reason).toBeInstanceOf(LinkClosedError);
    expect(reasonOf(far)).toBe('pruned');
    expect(b.links()).toEqual([]);
    await expect(near.channel('dht').send(Uint8Array.of(1))).rejects.toBeInstanceOf(LinkClosedError);
    await expect(far.bulk.send(Uint8Array.of(1))).rejects.toBeInstanceOf(LinkClosedError);
  });

  it('[NT13] delivers what was sent on an ordered channel before the link was closed', async () => {
    const { a, b } = world();
    const near = await a.dial(b.self);
    await eventually(() => expect(b.link(a.self)).toBeDefined());
    const far = b.link(a.self) as Link;
    const got: number[] = [];
    far.channel('dht').receive((message) => got.push(message[0] as number));
    for (const value of [1, 2, 3]) await near.channel('dht').send(Uint8Array.of(value));
    near.close('leaving');
    await eventually(() => expect(far.closed.aborted).toBe(true));
    expect(got).toEqual([1, 2, 3]);
  });

  it('[NT14] can link the same two nodes again after a link has ended', async () => {
    const { a, b } = world();
    const { near: first } = await linkedPair(a, b);
    first.close('idle');
    await eventually(() => expect(b.link(a.self)).toBeUndefined());
    const second = await b.dial(a.self);
    expect(second.closed.aborted).toBe(false);
    await eventually(() => expect(a.link(b.self)).toBeDefined());
    expect(a.link(b.self)).not.toBe(first);
  });

  it('[NT15] ends a link whose receiver throws a ProtocolError, with that reason on both sides', async () => {
    const { a, b } = world();
    const near = await a.dial(b.self);
    await eventually(() => expect(b.link(a.self)).toBeDefined());
    const far = b.link(a.self) as Link;
    far.channel('swarm').receive(() => {
      throw new ProtocolError('malformed', 'not what was expected');
    });
    await near.channel('swarm').send(Uint8Array.of(1));
    await eventually(() => expect(near.closed.aborted && far.closed.aborted).toBe(true));
    expect(reasonOf(far)).toBe('protocol-error');
    expect(reasonOf(near)).toBe('protocol-error');
  });

  it('[NT16] says `leaving` on all links when it stops, and neither dials nor answers afterwards', async () => {
    const { a, b, c } = world();
    await Promise.all([b.dial(a.self), c.dial(a.self)]);
    await eventually(() => expect(a.links()).toHaveLength(2));
    const far = b.link(a.self) as Link;
    await Promise.all([a.stop(), a.stop()]);
    expect(a.links()).toEqual([]);
    await eventually(() => expect(far.closed.aborted).toBe(true));
    expect(reasonOf(far)).toBe('leaving');
    await expect(a.dial(b.self)).rejects.toMatchObject({ name: 'UnreachableError', reason: 'stopped' });
    await expect(b.dial(a.self)).rejects.toBeInstanceOf(UnreachableError);
    await eventually(() => expect(b.links()).toEqual([]));
  });

  it('[NT16] starts again after a stop; starting twice changes nothing', async () => {
    const { a, b } = world();
    await a.stop();
    await a.start();
    await a.start();
    const link = await a.dial(b.self);
    expect(link.closed.aborted).toBe(false);
    expect(a.links()).toEqual([link]);
  });
}

function reasonOf(link: Link): unknown {
  return (link.closed.reason as LinkClosedError | undefined)?.reason;
}
