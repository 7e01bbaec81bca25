import { utf8 } from '@tabswarm/protocol/bytes';
import type { NodeId } from '@tabswarm/protocol/ids';
import { generateIdentityKeys, identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import { envelopeRoute, sealEnvelope } from '@tabswarm/protocol/introduction';
import type { ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createSwitchboard, type Switchboard } from './switchboard.ts';
import { createWorld } from './world.ts';

const newIdentity = async (): Promise<Identity> => identityFromKeys(await generateIdentityKeys());

/** One whose id is greater than `node`, which then offers where both knock, or is smaller. */
async function identityBeside(node: NodeId, side: 'greater' | 'smaller'): Promise<Identity> {
  for (;;) {
    const identity = await newIdentity();
    if (identity.id > node === (side === 'greater')) return identity;
  }
}

/** Knocks, and does nothing about what comes back. */
async function knock(
  { board, clock }: { board: Switchboard; clock: ManualClock },
  from: Identity,
  to: NodeId,
  session = crypto.getRandomValues(new Uint8Array(16)),
): Promise<void> {
  const fields = { kind: 'knock', to, session, time: clock.now(), body: utf8('') } as const;
  await board.introducer(from.id).carry(to, await sealEnvelope(from, fields));
}

describe('room for links', () => {
  it('[WR9] is counted with attempts under way, so that dials at once come to no more links', async () => {
    const { clock, node } = createWorld();
    const a = await node({ maxLinks: 4 });
    const others = await Promise.all(Array.from({ length: 8 }, () => node()));
    const dials = Promise.allSettled(others.map(({ self }) => a.dial(self)));
    await clock.advance(300);
    const outcomes = await dials;
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ reason: 'busy' });
    }
    expect(a.links()).toHaveLength(4);
  });

  it('[WR9] is for dials and knocks together, and who is linked already takes no more of it', async () => {
    const { clock, node } = createWorld();
    const a = await node({ maxLinks: 4 });
    const identity = await newIdentity();
    const [before, ...others] = [
      await node({ identity }),
      ...(await Promise.all(Array.from({ length: 8 }, () => node()))),
    ];
    const dials = Promise.allSettled([
      a.dial(before.self),
      ...others.map((other, i) => (i % 2 === 0 ? a.dial(other.self) : other.dial(a.self))),
    ]);
    await clock.advance(300);
    await dials;
    expect(a.links()).toHaveLength(4);
    // The same tab, loaded anew, while its link from before seems open.
    const after = await node({ identity });
    const dial = after.dial(a.self);
    await clock.advance(300);
    expect((await dial).remote).toBe(a.self);
    expect(a.links()).toHaveLength(4);
  });
});

describe('room for attempts', () => {
  it('[WR10] is left for our own dials, however many keys knock', async () => {
    const board = createSwitchboard();
    const { clock, node } = createWorld(board);
    const a = await node();
    const others = await Promise.all(Array.from({ length: 8 }, () => node()));
    for (let i = 0; i < 24; i += 1) await knock({ board, clock }, await newIdentity(), a.self);
    await clock.advance(50);
    const dials = Promise.allSettled(others.map(({ self }) => a.dial(self)));
    await clock.advance(300);
    expect((await dials).map(({ status }) => status)).toEqual(Array(8).fill('fulfilled'));
  });
});

describe('a tab that knocks again and again', () => {
  it.each(['greater', 'smaller'] as const)(
    '[WR11] with a %s id has its connection replaced once, and the attempt comes to its end',
    async (side) => {
      const board = createSwitchboard();
      const { clock, node } = createWorld(board);
      const a = await node();
      const knocker = await identityBeside(a.self, side);
      const sessions = [1, 2].map((byte) => new Uint8Array(16).fill(byte));
      for (let i = 0; i < 100; i += 1) {
        await knock({ board, clock }, knocker, a.self, sessions[i % 2]);
        await clock.advance(50);
      }
      expect(a.connections().made).toBe(2);
      await clock.advance(15_000);
      expect(a.connections().open).toBe(0);
      // That it is over shows in that its sessions begin nothing any more.
      const answered = board.carried().length;
      await knock({ board, clock }, knocker, a.self, sessions[0]);
      await clock.advance(50);
      expect(board.carried()).toHaveLength(answered + 1);
    },
  );

  it('[WR1] is offered to three times, however often it knocks', async () => {
    const board = createSwitchboard();
    const { clock, node } = createWorld(board);
    const a = await node();
    const knocker = await newIdentity();
    const session = new Uint8Array(16).fill(1);
    for (let i = 0; i < 40; i += 1) {
      await knock({ board, clock }, knocker, a.self, session);
      await clock.advance(50);
    }
    const routes = await Promise.all(board.carried().map(({ envelope }) => envelopeRoute(envelope)));
    expect(routes.filter(({ kind }) => kind === 'offer')).toHaveLength(3);
    expect(a.connections().made).toBe(1);
  });

  it('[WR11] names no more than four sessions of one attempt, its own among them', async () => {
    const board = createSwitchboard();
    const { clock, node } = createWorld(board);
    const a = await node();
    const knocker = await identityBeside(a.self, 'smaller');
    const dial = a.dial(knocker.id).catch((cause: unknown) => cause);
    for (let i = 0; i < 40; i += 1) await knock({ board, clock }, knocker, a.self);
    await clock.advance(50);
    const routes = await Promise.all(board.carried().map(({ envelope }) => envelopeRoute(envelope)));
    const accepted = routes.filter(({ kind, from }) => kind === 'accept' && from === a.self);
    expect(accepted).toHaveLength(3);
    // It waits for an offer that is never made, as long as for an answer to its own knock.
    await clock.advance(5_000);
    expect(await dial).toMatchObject({ name: 'UnreachableError', reason: 'absent' });
    expect(a.connections().made).toBe(0);
  });
});
