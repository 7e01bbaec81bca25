import { silentLog } from '@tabswarm/base';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createManualClock, createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createCensus, MAX_UNCOLLECTED, type WatchCollection } from '../src/census.ts';
import { createWebRtcTransport, type WebRtcTransport } from '../src/transport.ts';
import { createFakeConnections } from './fake-connections.ts';
import { createSwitchboard } from './switchboard.ts';

/** For those whose count is not looked at. */
const neverCollected: WatchCollection = () => () => undefined;

describe('the census of peer connections', () => {
  it('[WR6] counts what was made, what is open, and what has not been collected', () => {
    const collectors: (() => void)[] = [];
    const census = createCensus({ watch: (onCollected) => () => collectors.push(onCollected) });
    const leave = census.enter({});
    census.enter({});
    expect(census.counts()).toEqual({ open: 2, uncollected: 2, made: 2 });
    leave();
    leave();
    expect(census.counts()).toEqual({ open: 1, uncollected: 2, made: 2 });
    collectors[0]?.();
    expect(census.counts()).toEqual({ open: 1, uncollected: 1, made: 2 });
    expect(census.hasRoom(MAX_UNCOLLECTED - 1)).toBe(true);
    expect(census.hasRoom(MAX_UNCOLLECTED)).toBe(false);
  });
});

describe('a transport that makes many connections', () => {
  const clock = createManualClock();
  const connections = createFakeConnections();
  const board = createSwitchboard();

  async function open(made: number, watchCollection: WatchCollection): Promise<WebRtcTransport> {
    const identity = await identityFromKeys(await generateIdentityKeys());
    const transport = createWebRtcTransport({
      identity,
      introducers: [board.introducer(identity.id)],
      open: connections.opener(made.toString(16).padStart(2, '0')),
      iceServers: () => [],
      clock,
      random: createSeededRandom(made),
      log: silentLog,
      watchCollection,
    });
    await transport.start();
    return transport;
  }

  it('[WR6] neither dials nor answers with 300 of them uncollected, and does so again after that', async () => {
    const [a, b] = [await open(1, connections.watchCollection), await open(2, neverCollected)];
    for (let round = 0; round < MAX_UNCOLLECTED; round += 1) {
      const dial = round % 2 === 0 ? a.dial(b.self) : b.dial(a.self);
      await clock.advance(50);
      (await dial).close('pruned');
      await clock.advance(200);
    }
    expect(a.connections()).toEqual({ open: 0, uncollected: MAX_UNCOLLECTED, made: MAX_UNCOLLECTED });
    const carried = board.carried().length;
    await expect(a.dial(b.self)).rejects.toMatchObject({ name: 'UnreachableError', reason: 'busy' });
    expect(board.carried()).toHaveLength(carried);

    const c = await open(3, neverCollected);
    const dial = c.dial(a.self).catch((cause: unknown) => cause);
    await clock.advance(100);
    expect(await dial).toMatchObject({ name: 'UnreachableError', reason: 'declined' });
    expect(a.connections().made).toBe(MAX_UNCOLLECTED);
    expect(c.connections().made).toBe(0);

    connections.collect();
    expect(a.connections()).toEqual({ open: 0, uncollected: 0, made: MAX_UNCOLLECTED });
    const again = c.dial(a.self);
    await clock.advance(100);
    expect((await again).remote).toBe(a.self);
  });
});
