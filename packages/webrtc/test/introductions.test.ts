import { UnreachableError, type Transport } from '@tabswarm/net';
import { compareDistance, type NodeId } from '@tabswarm/protocol/ids';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { envelopeRoute } from '@tabswarm/protocol/introduction';
import { encodeControlFrame, linkMessage } from '@tabswarm/protocol/link';
import { describe, expect, it } from 'vitest';
import type { Pipe } from '../src/connection.ts';
import { createSwitchboard } from './switchboard.ts';
import { createWorld } from './world.ts';

const outcome = (dial: Promise<unknown>): Promise<unknown> => dial.catch((cause: unknown) => cause);

describe('introductions', () => {
  it('[NT14] links up with a tab that was loaded anew in the middle of an introduction', async () => {
    // Until the reload nothing gets back to the tab, so the other side is left with half a connection.
    for (let round = 0; round < 8; round += 1) {
      let deaf: NodeId | undefined;
      const board = createSwitchboard({ tamper: (envelope, _, to) => (to === deaf ? undefined : envelope) });
      const { clock, node } = createWorld(board);
      const identity = await identityFromKeys(await generateIdentityKeys());
      const [a, before] = [await node(), await node({ identity })];
      deaf = before.self;
      const lost = outcome(before.dial(a.self));
      await clock.advance(300);
      await before.stop();
      expect(await lost).toMatchObject({ reason: 'stopped' });
      const after = await node({ identity });
      deaf = undefined;
      const dial = outcome(after.dial(a.self));
      // Its first knock is believed: the one from before the reload is older.
      await clock.advance(500);
      expect(after.link(a.self)).toBeDefined();
      expect(await dial).toMatchObject({ remote: a.self });
      expect(a.link(after.self)?.closed.aborted).toBe(false);
    }
  });

  it('[NT2] makes one link where both dial at once, whoever has the smaller id', async () => {
    for (let round = 0; round < 8; round += 1) {
      const { clock, node, connections } = createWorld();
      const [a, b] = [await node(), await node()];
      const dials = Promise.all([a.dial(b.self), b.dial(a.self)]);
      await clock.advance(200);
      await dials;
      expect(a.links()).toHaveLength(1);
      expect(b.links()).toHaveLength(1);
      expect(connections.opened()).toBe(2);
    }
  });

  it('[WR1] who is knocked at offers at once, whoever has the smaller id', async () => {
    const offered = new Set<boolean>();
    for (let round = 0; round < 8 || offered.size < 2; round += 1) {
      const board = createSwitchboard();
      const { clock, node } = createWorld(board);
      const [a, b] = [await node(), await node()];
      const dial = a.dial(b.self);
      await clock.advance(200);
      expect((await dial).remote).toBe(b.self);
      const routes = await Promise.all(board.carried().map(({ envelope }) => envelopeRoute(envelope)));
      expect(routes.map(({ kind, from }) => [kind, from])).toEqual([
        ['knock', a.self],
        ['offer', b.self],
        ['answer', a.self],
      ]);
      offered.add(b.self < a.self);
    }
  });

  it('makes no link of a connection whose first word is its last, and one of the next', async () => {
    const { node } = createWorld();
    const bye = encodeControlFrame({
      protocol: 'link',
      payload: linkMessage.encode({ type: 'bye', reason: 'leaving' }),
    });
    let leaves = true;
    const a = await node({
      through: (open) => (options) => {
        const connection = open(options);
        const onMessage: Pipe['onMessage'] = (listener) => {
          if (leaves) listener(bye);
          connection.control.onMessage(listener);
        };
        return { ...connection, control: { ...connection.control, onMessage } };
      },
    });
    const b = await node();
    await expect(a.dial(b.self)).rejects.toBeInstanceOf(UnreachableError);
    expect(a.links()).toEqual([]);
    leaves = false;
    expect((await a.dial(b.self)).remote).toBe(b.self);
  });

  it('[WR1] makes no connection object for a node that does not answer', async () => {
    const { clock, node, connections } = createWorld(createSwitchboard({ tamper: () => undefined }));
    const [a, b] = [await node(), await node()];
    const dial = outcome(a.dial(b.self));
    await clock.advance(5_000);
    expect(await dial).toMatchObject({ name: 'UnreachableError', reason: 'absent' });
    expect(connections.opened()).toBe(0);
  });

  it('says at once that a node is absent where every introducer says so', async () => {
    const { clock, node } = createWorld();
    const a = await node();
    const { self: stranger } = await createWorld().node();
    const dial = outcome(a.dial(stranger));
    await clock.advance(50);
    expect(await dial).toMatchObject({ reason: 'absent' });
  });

  it('repeats a knock that got lost', async () => {
    let lost = 0;
    const board = createSwitchboard({
      tamper(envelope) {
        lost += 1;
        return lost === 1 ? undefined : envelope;
      },
    });
    const { clock, node } = createWorld(board);
    const [a, b] = [await node(), await node()];
    const dial = a.dial(b.self);
    await clock.advance(1_500);
    expect((await dial).remote).toBe(b.self);
  });

  it('[WR1] says an offer again that got lost, by the way of the knock that comes again', async () => {
    let lost = 0;
    const board = createSwitchboard({
      tamper(envelope) {
        const isFirstOffer = latin1(envelope).includes('4:kind5:offer') && ++lost === 1;
        return isFirstOffer ? undefined : envelope;
      },
    });
    const { clock, node, connections } = createWorld(board);
    const [a, b] = [await node(), await node()];
    const dial = a.dial(b.self);
    await clock.advance(900);
    expect(lost).toBe(1);
    expect(a.links()).toEqual([]);
    await clock.advance(300);
    expect(a.links()).toHaveLength(1);
    expect((await dial).remote).toBe(b.self);
    expect(connections.opened()).toBe(2);
  });

  it('declines over its limit of links', async () => {
    const { clock, node } = createWorld();
    const [a, b, c] = [await node({ maxLinks: 1 }), await node(), await node()];
    const first = b.dial(a.self);
    await clock.advance(200);
    await first;
    const second = outcome(c.dial(a.self));
    await clock.advance(200);
    expect(await second).toMatchObject({ reason: 'declined' });
    expect(a.links()).toHaveLength(1);
  });

  it('[WR2] a carrier that puts its own certificate into a description gets no link', async () => {
    let swapped = 0;
    const board = createSwitchboard({
      tamper(envelope) {
        const before = latin1(envelope);
        const after = withOtherCertificate(before);
        if (after !== before) swapped += 1;
        return bytesOfLatin1(after);
      },
    });
    const { clock, node, entries } = createWorld(board);
    const [a, b] = [await node(), await node()];
    const dial = outcome(a.dial(b.self));
    await clock.advance(16_000);
    expect(swapped).toBeGreaterThan(0);
    expect(await dial).toMatchObject({ name: 'UnreachableError' });
    expect(a.links()).toEqual([]);
    expect(b.links()).toEqual([]);
    expect(entries.some(({ fields }) => fields['code'] === 'forged')).toBe(true);
  });

  it('[WR3] two tabs with no server between them link up through a peer of both', async () => {
    let serverUp = true;
    const board = createSwitchboard({ tamper: (envelope) => (serverUp ? envelope : undefined) });
    const { clock, node } = createWorld(board);
    const [a, b, c] = [await node(), await node(), await node()];
    const dials = Promise.all([a.dial(b.self), c.dial(b.self)]);
    await clock.advance(200);
    await dials;
    serverUp = false;
    const dial = a.dial(c.self, { via: b.self });
    await clock.advance(300);
    expect((await dial).remote).toBe(c.self);
    expect(c.link(a.self)).toBeDefined();
  });

  it('[WR4] an envelope finds its way over several tabs, each nearer to its target', async () => {
    let serverUp = true;
    const board = createSwitchboard({ tamper: (envelope) => (serverUp ? envelope : undefined) });
    const { clock, node } = createWorld(board);
    const nodes = await Promise.all(Array.from({ length: 4 }, () => node()));
    const target = nodes[0] as Transport;
    // A chain whose members come nearer and nearer to the target, as Kademlia links them.
    const chain = nodes.toSorted((x, y) => compareDistance(target.self, y.self, x.self));
    for (let i = 1; i < chain.length; i += 1) {
      const dial = (chain[i - 1] as Transport).dial((chain[i] as Transport).self);
      await clock.advance(200);
      await dial;
    }
    serverUp = false;
    const first = chain[0] as Transport;
    const dial = first.dial(target.self);
    await clock.advance(500);
    expect((await dial).remote).toBe(target.self);
  });
});

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

function bytesOfLatin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function withOtherCertificate(text: string): string {
  return text.replaceAll(/sha-256 \S+/g, `sha-256 ${Array(32).fill('EE').join(':')}`);
}
