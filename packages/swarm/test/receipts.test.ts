import { silentLog } from '@tabswarm/base';
import { generateIdentityKeys, identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import { signReceipt } from '@tabswarm/protocol/receipt';
import { swarmMessage } from '@tabswarm/protocol/swarm';
import { describe, expect, it } from 'vitest';
import type { Port } from '../src/port.ts';
import { createReceipts } from '../src/receipts.ts';
import type { Receiver } from '../src/receivers.ts';
import { createFakeLibrary } from './fake-library.ts';
import { BLOCK_BYTES, createWorld, OTHER_ROOT, ROOT, type Peer, type World } from './world.ts';

const identity = async (): Promise<Identity> => identityFromKeys(await generateIdentityKeys());

const receiversAt = (peer: Peer): readonly Receiver[] => peer.swarm.activity(ROOT).receivers;
const receiptFrom = (peer: Peer, from: Peer) =>
  receiversAt(peer).find((receiver) => receiver.peer === from.id)?.receipt;

/** Signatures are made outside of the manual clock. */
async function settle(world: World, until: () => boolean, turns = 1_000): Promise<void> {
  for (let turn = 0; turn < turns && !until(); turn += 1) {
    await new Promise((resolve) => {
      setTimeout(resolve);
    });
    await world.clock.advance(1);
  }
}

describe('a receipt', () => {
  it('[RC2] comes from a receiver as soon as it has all', async () => {
    const world = createWorld(12);
    const holder = await world.peer({ has: true, identity: await identity() });
    const leecher = await world.peer({ identity: await identity() });
    await world.fetch(leecher, [holder]);
    await settle(world, () => receiptFrom(holder, leecher) !== undefined);
    expect(receiptFrom(holder, leecher)).toEqual({
      root: ROOT,
      bytes: 12 * BLOCK_BYTES,
      whole: true,
      time: expect.any(Number),
    });
    expect(receiptFrom(leecher, holder)).toBeUndefined();
  });

  it('[RC2] says so where only a part was wanted', async () => {
    const world = createWorld(12);
    const holder = await world.peer({ has: true, identity: await identity() });
    const wants = new Uint8Array(12).fill(1, 0, 5);
    const leecher = await world.peer({ identity: await identity(), wants });
    await world.fetch(leecher, [holder]);
    await settle(world, () => receiptFrom(holder, leecher) !== undefined);
    expect(receiptFrom(holder, leecher)).toMatchObject({ bytes: 5 * BLOCK_BYTES, whole: false });
  });

  it('[RC2] goes to those who gave, also when they link up later, and to no others', async () => {
    const world = createWorld(30);
    const first = await world.peer({ has: true, identity: await identity() });
    const second = await world.peer({ has: true, identity: await identity() });
    const idle = await world.peer({ has: [], identity: await identity() });
    const leecher = await world.peer({ identity: await identity() });
    const run = world.fetch(leecher, [first, second, idle]);
    while (leecher.holding.kept() < 10) await world.clock.advance(1);
    leecher.transport.link(first.id)?.close('pruned');
    await run;
    await settle(world, () => receiptFrom(second, leecher) !== undefined);
    expect(receiptFrom(second, leecher)).toMatchObject({ whole: true });
    expect(receiptFrom(first, leecher)).toBeUndefined();
    expect(receiptFrom(idle, leecher)).toBeUndefined();

    const dial = first.transport.dial(leecher.id);
    await world.clock.advance(100);
    await dial;
    await settle(world, () => receiptFrom(first, leecher) !== undefined);
    expect(receiptFrom(first, leecher)).toMatchObject({ whole: true });
    expect(receiptFrom(idle, leecher)).toBeUndefined();
  });

  it('[RC3] stands after the receiver has left, and goes with the share', async () => {
    const world = createWorld(12);
    const holder = await world.peer({ has: true, identity: await identity() });
    const leecher = await world.peer({ identity: await identity() });
    await world.fetch(leecher, [holder]);
    await settle(world, () => receiptFrom(holder, leecher) !== undefined);
    // Until what it holds has been told.
    await world.clock.advance(300);
    const before = receiversAt(holder)[0];
    expect(before).toMatchObject({ peer: leecher.id, linked: true, progress: 1, receipt: { whole: true } });
    expect(before?.bytes).toBeGreaterThanOrEqual(12 * BLOCK_BYTES);
    await leecher.transport.stop();
    await world.clock.advance(100);
    expect(receiversAt(holder)).toEqual([{ ...before, rate: 0, linked: false }]);
    holder.remove();
    expect(receiversAt(holder)).toEqual([]);
  });

  it('[RC1] [RC3] counts where its sender signed it for us, the newest of them', async () => {
    const world = createWorld(12);
    const holder = await world.peer({ has: true, identity: await identity() });
    const [me, other] = [await identity(), await identity()];
    const leecher = await world.peer({ identity: me });
    const dial = leecher.transport.dial(holder.id);
    await world.clock.advance(100);
    const link = await dial;
    const say = async (by: Identity, to: string, bytes: number, time: number): Promise<void> => {
      const receipt = await signReceipt(
        by,
        { root: ROOT, bytes, whole: false, time },
        to as typeof holder.id,
      );
      await link.channel('swarm').send(swarmMessage.encode({ type: 'receipt', ...receipt }));
      await settle(world, () => false, 100);
    };
    await say(other, holder.id, 7, 1);
    await say(me, other.id, 7, 1);
    expect(holder.entries.filter(({ message }) => message.includes('not signed'))).toHaveLength(2);
    await say(me, holder.id, 5, 3);
    await say(me, holder.id, 4, 2);
    expect(receiptFrom(holder, leecher)).toBeUndefined();
    await world.fetch(leecher, [holder]);
    await settle(world, () => receiptFrom(holder, leecher) !== undefined);
    expect(receiptFrom(holder, leecher)).toMatchObject({ bytes: 12 * BLOCK_BYTES, whole: true });
  });

  it('[RC3] of each of several shares counts, also where all come at once', async () => {
    const [me, receiver] = [await identity(), await identity()];
    const world = createWorld(1);
    const { library } = createFakeLibrary({ blocks: 1, blockBytes: 1 }, world.clock, { has: true });
    const receipts = createReceipts({ identity: me, library, clock: world.clock, log: silentLog });
    const roots = [ROOT, OTHER_ROOT];
    const wires = await Promise.all(
      roots.map((root) => signReceipt(receiver, { root, bytes: 1, whole: true, time: 1 }, me.id)),
    );
    const from = { remote: receiver.id } as Port;
    await Promise.all(wires.map((wire) => receipts.onReceipt(from, { type: 'receipt', ...wire })));
    for (const root of roots) expect(receipts.of(root).get(receiver.id)).toMatchObject({ root, whole: true });
  });
});
