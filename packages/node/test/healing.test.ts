import { createState, silentLog, type Clock, type MutableState } from '@tabswarm/base';
import type { Link } from '@tabswarm/net';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { createMemoryDatabase } from '@tabswarm/store';
import { createPeerBook, type RememberedPeer } from '@tabswarm/store/peer-book';
import type { SignalingState } from '@tabswarm/webrtc';
import { createManualClock, type ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createHealing, type Healing } from '../src/healing.ts';
import { inOrder, MAX_REMEMBERED, remember } from '../src/remembered-peers.ts';

const DAY_MS = 24 * 60 * 60_000;
/** When a clock that is turned by hand begins. */
const NOW = createManualClock().now();
const peer = (number: number): NodeId => idFromBytes<NodeId>(new Uint8Array(32).fill(number));
const remembered = (number: number, seenAt: number, linkedMs = 0): RememberedPeer => ({
  id: peer(number),
  seenAt,
  linkedMs,
});

interface Table {
  readonly clock: ManualClock;
  readonly healing: Healing;
  /** The nodes named to the overlay, call by call. */
  readonly named: (readonly NodeId[])[];
  readonly counts: Readonly<
    Record<'more' | 'signalingWoken' | 'transportWoken' | 'dhtWoken' | 'woken', number>
  >;
  readonly signaling: MutableState<SignalingState>;
  readonly book: ReturnType<typeof createPeerBook>;
  setLinks(ids: readonly NodeId[]): void;
  sleep(ms: number): void;
  stop(): void;
}

async function setTable(
  peers: readonly RememberedPeer[] = [],
  state: SignalingState['state'] = 'connected',
): Promise<Table> {
  const manual = createManualClock();
  let slept = 0;
  let links: Link[] = [];
  const clock: Clock = { now: () => manual.now() + slept, after: (ms, run) => manual.after(ms, run) };
  const book = createPeerBook(createMemoryDatabase());
  await book.update(() => peers);
  const named: (readonly NodeId[])[] = [];
  const counts = { more: 0, signalingWoken: 0, transportWoken: 0, dhtWoken: 0, woken: 0 };
  const signaling = createState<SignalingState>({ state });
  const healing = createHealing({
    transport: {
      links: () => links,
      link: (id) => links.find(({ remote }) => remote === id),
      wake: () => void (counts.transportWoken += 1),
    },
    dht: { addContacts: (nodes) => named.push([...nodes]), wake: () => void (counts.dhtWoken += 1) },
    signaling: {
      state: signaling,
      more: () => void (counts.more += 1),
      wake: () => void (counts.signalingWoken += 1),
    },
    book,
    onWake: () => void (counts.woken += 1),
    clock,
    log: silentLog,
  });
  const running = new AbortController();
  healing.start({ signal: running.signal });
  await manual.advance(1);
  return {
    clock: manual,
    healing,
    named,
    counts,
    signaling,
    book,
    setLinks(ids) {
      const openedAt = clock.now();
      links = ids.map((remote) => ({ remote, stats: () => ({ openedAt }) }) as unknown as Link);
    },
    sleep(ms) {
      slept += ms;
    },
    stop: () => running.abort(),
  };
}

describe('which peers are remembered', () => {
  it('[NT17] are those seen last, and those that were linked longest', () => {
    const old = Array.from({ length: 40 }, (_, i) => remembered(i, DAY_MS + i, i === 3 ? 9_000 : i));
    const kept = remember(old, [{ id: peer(200), linkedMs: 5 }], 2 * DAY_MS);
    expect(kept).toHaveLength(MAX_REMEMBERED);
    const ids = kept.map(({ id }) => id);
    expect(ids[0]).toBe(peer(200));
    expect(ids).toContain(peer(39));
    expect(ids).toContain(peer(3));
    expect(ids).not.toContain(peer(1));
    expect(inOrder(kept)[0]?.id).toBe(peer(200));
  });

  it('[NT17] keep the longest of their links, and are forgotten after two weeks', () => {
    const [seen] = remember([remembered(1, DAY_MS, 7_000)], [{ id: peer(1), linkedMs: 5 }], 2 * DAY_MS);
    expect(seen).toEqual({ id: peer(1), linkedMs: 7_000, seenAt: 2 * DAY_MS });
    expect(remember([remembered(1, 0)], [], 14 * DAY_MS)).toEqual([]);
    expect(remember([remembered(1, 0)], [], 13 * DAY_MS)).toHaveLength(1);
  });
});

describe('a tab that comes back', () => {
  it('[NT17] names the peers it remembers, eight at a time, until it has a link', async () => {
    const { clock, named, counts, setLinks } = await setTable(
      Array.from({ length: 20 }, (_, i) => remembered(i, DAY_MS + i)),
    );
    expect(named).toEqual([[19, 18, 17, 16, 15, 14, 13, 12].map(peer)]);
    await clock.advance(5_000);
    expect(named[1]).toEqual([11, 10, 9, 8, 7, 6, 5, 4].map(peer));
    await clock.advance(5_000);
    expect(named[2]).toEqual([3, 2, 1, 0, 19, 18, 17, 16].map(peer));
    expect(counts.more).toBe(2);
    setLinks([peer(7)]);
    await clock.advance(60_000);
    expect(named).toHaveLength(3);
    expect(counts.more).toBe(2);
  });

  it('[NT17] names nobody before somebody can introduce it, and begins anew each time that a server does', async () => {
    const { clock, named, counts, signaling, setLinks } = await setTable([remembered(1, NOW)], 'connecting');
    await clock.advance(20_000);
    expect(named).toEqual([]);
    signaling.set({ state: 'connected' });
    await clock.advance(1);
    expect(named).toEqual([[peer(1)]]);
    const before = counts.dhtWoken;
    signaling.set({ state: 'offline' });
    signaling.set({ state: 'connected' });
    await clock.advance(1);
    expect(counts.dhtWoken).toBe(before + 1);
    expect(named).toHaveLength(2);
    setLinks([peer(2)]);
    signaling.set({ state: 'offline' });
    signaling.set({ state: 'connected' });
    await clock.advance(1);
    expect(named).toHaveLength(2);
  });

  it('[NT17] looks now and then for those it is not linked to, in case the network broke in two', async () => {
    const { clock, named, setLinks } = await setTable([remembered(1, NOW), remembered(2, NOW)]);
    setLinks([peer(1)]);
    await clock.advance(121_000);
    expect(named.at(-1)).toEqual([peer(2)]);
  });

  it('[NT17] notes down whom it is linked to', async () => {
    const { clock, book, setLinks, stop } = await setTable();
    setLinks([peer(1), peer(2)]);
    await clock.advance(6_000);
    expect((await book.all()).map(({ id }) => id)).toEqual([peer(1), peer(2)]);
    await clock.advance(120_000);
    expect((await book.all())[0]?.linkedMs).toBeGreaterThan(100_000);
    stop();
    setLinks([peer(3)]);
    await clock.advance(120_000);
    expect(await book.all()).toHaveLength(2);
  });

  it('[NT18] notices that it slept, and wakes everything up', async () => {
    const { clock, counts, named, setLinks, sleep } = await setTable([remembered(1, 1)]);
    setLinks([peer(2)]);
    await clock.advance(30_000);
    expect(counts).toMatchObject({ signalingWoken: 0, transportWoken: 0, woken: 0 });
    const before = named.length;
    sleep(3_600_000);
    await clock.advance(6_000);
    expect(counts).toMatchObject({ signalingWoken: 1, transportWoken: 1, woken: 1 });
    setLinks([]);
    await clock.advance(10_000);
    expect(named.length).toBeGreaterThan(before);
    await clock.advance(60_000);
    expect(counts.signalingWoken).toBe(1);
  });

  it('[NT18] is woken by the page, once for a bunch of events', async () => {
    const { clock, counts, healing, stop } = await setTable();
    healing.wake();
    healing.wake();
    expect(counts.woken).toBe(1);
    await clock.advance(6_000);
    healing.wake();
    expect(counts.woken).toBe(2);
    stop();
    await clock.advance(6_000);
    healing.wake();
    expect(counts.woken).toBe(2);
  });
});
