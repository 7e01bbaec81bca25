import { createListeners, silentLog, type Unsubscribe } from '@tabswarm/base';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { FetchEvent, Swarm } from '@tabswarm/swarm';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createDownloads } from '../src/downloads.ts';
import { soleDuties } from '../src/duties.ts';
import { unknownRoom } from '../src/room.ts';
import type { Share, Shares } from '../src/shares.ts';

const ROOT = 'ab'.repeat(32) as Root;
const PEER = 'cd'.repeat(32) as NodeId;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** A download that is never full, from a source whose rate is as given; the test says what happens to it. */
function startDownload(rate: () => number) {
  const clock = createManualClock();
  const share = {
    view: { root: ROOT, paused: false, keyState: 'ok', metainfo: undefined },
    wanted: { done: false },
  } as unknown as Share;
  let lookups = 0;
  const events = createListeners<FetchEvent>();
  const swarm = {
    async *fetch(_root: Root, holders: AsyncIterable<NodeId>) {
      void (async () => {
        for await (const _ of holders);
      })();
      for (;;) {
        let stop: Unsubscribe | undefined;
        yield await new Promise<FetchEvent>((resolve) => (stop = events.subscribe(resolve)));
        stop?.();
      }
    },
    activity: () => ({ sources: [{ peer: PEER, bytes: 1, rate: rate() }], uploads: [] }),
  } as unknown as Swarm;
  const downloads = createDownloads({
    shares: { all: () => [share], get: () => share } as unknown as Shares,
    swarm,
    async *findHolders() {
      lookups += 1;
      yield await Promise.resolve(PEER);
    },
    isRead: () => false,
    duties: soleDuties,
    room: unknownRoom,
    clock,
    log: silentLog,
    onChange: () => undefined,
  });
  downloads.reconcile();
  return { clock, downloads, lookups: () => lookups, tell: events.emit };
}

describe('looking for holders', () => {
  it('[EX22] goes on ever less often while nobody delivers', async () => {
    const { clock, downloads, lookups } = startDownload(() => 0);
    await clock.advance(SECOND_MS);
    // At once, and 0.25 and 0.75 s after that.
    expect(lookups()).toBe(3);
    await clock.advance(10 * MINUTE_MS);
    expect(lookups()).toBeGreaterThan(20);
    expect(lookups()).toBeLessThan(28);
    downloads.stop();
  });

  it('[EX22] is done once in five minutes while somebody does, and at once when the last one is gone', async () => {
    let rate = 0;
    const { clock, downloads, lookups, tell } = startDownload(() => rate);
    await clock.advance(100);
    tell({ type: 'joined', peer: PEER });
    rate = 50_000;
    await clock.advance(4 * MINUTE_MS);
    expect(lookups()).toBe(1);
    await clock.advance(6 * MINUTE_MS);
    expect(lookups()).toBeLessThanOrEqual(3);
    rate = 0;
    const before = lookups();
    tell({ type: 'left', peer: PEER });
    await clock.advance(10);
    expect(lookups()).toBe(before + 1);
    downloads.stop();
  });
});
