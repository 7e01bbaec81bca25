import { createListeners, type Listeners } from '@tabswarm/base';
import { describe, expect, it } from 'vitest';
import type { Ban, BanBook } from '../src/bans.ts';
import { createWorld, OTHER_ROOT, ROOT, type Peer, type PeerOptions, type World } from './world.ts';

const KIB = 1024;
const MINUTE_MS = 60_000;
const BLOCKS = 96;
const BLOCK_BYTES = 64 * KIB;
const SEEDS = [1, 2, 3];

type Lie = NonNullable<PeerOptions['lie']>;

const flip: Lie = (_, block) => {
  const bytes = new Uint8Array(block);
  bytes[777] = (bytes[777] ?? 0) ^ 1;
  return bytes.buffer;
};

/** Lies by how many blocks it has been asked for. */
function lieWhen(isLie: (count: number) => boolean): Lie {
  let count = 0;
  return (index, block) => {
    count += 1;
    return isLie(count) ? flip(index, block) : block;
  };
}

interface Book {
  bans: readonly Ban[];
  openTab(): BanBook;
}

/** A book that outlives the page and is the same in all tabs of a browser, as the one in IndexedDB is. */
function createBook(): Book {
  const tabs = new Set<Listeners<void>>();
  const book: Book = {
    bans: [],
    openTab() {
      const changes = createListeners<void>();
      tabs.add(changes);
      return {
        all: () => Promise.resolve(book.bans),
        update(change) {
          book.bans = change(book.bans);
          for (const tab of tabs) if (tab !== changes) queueMicrotask(() => tab.emit());
          return Promise.resolve();
        },
        onChange: (listener) => changes.subscribe(listener),
      };
    },
  };
  return book;
}

/** A poisoner that is faster than the four honest ones together, so that much of what it sends is under way at once. */
async function createPoisoned(lie: Lie, leecher: PeerOptions, seed: number) {
  let made = 0;
  const world = createWorld(BLOCKS, {
    seed,
    blockBytes: BLOCK_BYTES,
    latencyMs: () => 5,
    uplink: () => (made === 0 ? 8_192 * KIB : 256 * KIB),
  });
  // It lacks one block, and so has something to join for.
  const poisoner = await world.peer({ has: Array.from({ length: BLOCKS - 1 }, (_, i) => i), lie });
  const honest: Peer[] = [];
  for (made = 1; made <= 4; made += 1) honest.push(await world.peer({ has: true }));
  return { world, poisoner, honest, leecher: await world.peer(leecher) };
}

const isJoinOf = ({ id }: Peer) => expect.objectContaining({ type: 'joined', peer: id }) as unknown;

describe('a poisoner among five sources', () => {
  const slow = { verifyMs: 40, storeMs: 900 };
  it.each([
    ['every block', () => flip, {}],
    ['every fifth', () => lieWhen((count) => count % 5 === 0), {}],
    ['every one after twenty good ones', () => lieWhen((count) => count > 20), {}],
    ['every block, faster than blocks are verified and stored', () => flip, slow],
    ['every fifth, faster than that', () => lieWhen((count) => count % 5 === 0), slow],
    ['every one after twenty good ones, faster than that', () => lieWhen((count) => count > 20), slow],
  ])('[EX17] that lies in %s is banned after at most two, and the file is right', async (_, lie, options) => {
    for (const seed of SEEDS) {
      const { world, poisoner, honest, leecher } = await createPoisoned(lie(), options, seed);
      const events = await world.fetch(leecher, [poisoner, ...honest]);
      expect(leecher.holding.kept(), `seed ${seed}`).toBe(BLOCKS);
      const named = leecher.entries.filter(({ message }) => message === 'refused a corrupt block');
      expect(new Set(named.map(({ fields }) => fields['peer']))).toEqual(new Set([poisoner.id]));
      expect(leecher.holding.corrupt(), `seed ${seed}`).toBeGreaterThan(0);
      expect(leecher.holding.corrupt(), `seed ${seed}`).toBeLessThanOrEqual(2);
      const ban = events.findIndex(({ type }) => type === 'banned');
      expect(events.slice(ban)).not.toContainEqual(isJoinOf(poisoner));
    }
  });
});

/** A tab that has fetched the share and banned the poisoner. */
async function ban(book = createBook()) {
  const poisoned = await createPoisoned(flip, { bans: book.openTab() }, 1);
  await poisoned.world.fetch(poisoned.leecher, [poisoned.poisoner, ...poisoned.honest]);
  return { ...poisoned, book };
}

/** The same tab after a reload, with nothing of the share. */
async function reload(world: World, { identity, transport }: Peer, book: Book): Promise<Peer> {
  await transport.stop();
  await world.clock.advance(100);
  return world.peer({ identity, bans: book.openTab() });
}

describe('who was banned', () => {
  it('[EX17] is no source again by linking up anew, by joining, or by being announced', async () => {
    const { world, poisoner, honest, leecher, book } = await ban();
    const fresh = await reload(world, leecher, book);
    const events: unknown[] = [];
    const fetching = world.fetch(fresh, [poisoner, ...honest, poisoner]).then((seen) => events.push(...seen));
    await world.clock.advance(50);
    for (let time = 0; time < 3; time += 1) {
      fresh.transport.link(poisoner.id)?.close('pruned');
      await world.clock.advance(50);
      const dial = poisoner.transport.dial(fresh.id);
      await world.clock.advance(50);
      await dial;
      const over = new AbortController();
      const join = world.fetch(poisoner, [fresh], { signal: over.signal });
      await world.clock.advance(50);
      over.abort(new Error('joined'));
      await join.catch(() => undefined);
    }
    await fetching;
    expect(fresh.holding.kept()).toBe(BLOCKS);
    expect(fresh.holding.corrupt()).toBe(0);
    expect(events).not.toContainEqual(isJoinOf(poisoner));
    expect(events).toContainEqual(isJoinOf(honest[0] as Peer));
  });

  it('[EX17] is no source again where others who take part tell of it', async () => {
    const { world, poisoner, honest, leecher, book } = await ban();
    await world.fetch(poisoner, honest);
    const fresh = await reload(world, leecher, book);
    const events = await world.fetch(fresh, honest.slice(0, 1));
    expect(events).toContainEqual({ type: 'banned', peer: poisoner.id, what: 'before' });
    expect(events).not.toContainEqual(isJoinOf(poisoner));
    expect(fresh.holding.corrupt()).toBe(0);
  });

  it('[EX17] is so for every share of the tab, also for one that is being fetched from it already', async () => {
    const { world, poisoner, honest, leecher } = await createPoisoned(flip, { verifyMs: 20 }, 2);
    const both = await Promise.all([
      world.fetch(leecher, [poisoner, ...honest]),
      world.fetch(leecher, [poisoner, ...honest], { root: OTHER_ROOT }),
    ]);
    expect([leecher.holding.kept(), leecher.other.kept()]).toEqual([BLOCKS, BLOCKS]);
    // Two under inspection at a time from one sender, in whatever shares.
    expect(leecher.holding.corrupt() + leecher.other.corrupt()).toBeLessThanOrEqual(2);
    for (const events of both) {
      const left = events.findIndex((event) => event.type === 'left' && event.peer === poisoner.id);
      expect(left).toBeGreaterThan(0);
      expect(events.slice(left)).not.toContainEqual(isJoinOf(poisoner));
    }
  });

  it('[EX17] is a source no longer in the other tabs of the browser, where they fetch from it already', async () => {
    const book = createBook();
    // It would find out by itself only after the ten seconds that it takes to look at a block.
    const slow = { verifyMs: 10_000, bans: book.openTab() };
    const { world, poisoner, honest, leecher } = await createPoisoned(flip, slow, 3);
    const other = await world.peer({ bans: book.openTab() });
    const sources = () => leecher.swarm.activity(ROOT).sources.map(({ peer }) => peer);
    const fetching = world.begin(leecher, [poisoner, ...honest]);
    await world.clock.advance(200);
    expect(sources()).toContain(poisoner.id);
    const taken = leecher.bytesReceived();
    expect(taken).toBeGreaterThan(0);
    const both = world.begin(other, [poisoner, ...honest]);
    await world.clock.advance(300);
    expect(book.bans).toMatchObject([{ node: poisoner.id }]);
    expect(sources()).not.toContain(poisoner.id);
    expect(sources()).toEqual(expect.arrayContaining(honest.map(({ id }) => id)));
    expect(leecher.entries).not.toContainEqual(
      expect.objectContaining({ message: 'refused a corrupt block' }),
    );
    await world.clock.advance(600_000);
    expect([fetching.isOver(), both.isOver()]).toEqual([true, true]);
    expect(leecher.holding.kept()).toBe(BLOCKS);
    // Those that were being looked at when the other tab found it out.
    expect(leecher.holding.corrupt()).toBeLessThanOrEqual(2);
  });

  it('[EX17] stays so in a tab whose clock is a little behind that of the tab which banned it', async () => {
    const book = createBook();
    const { world, poisoner, honest, leecher } = await createPoisoned(flip, { bans: book.openTab() }, 4);
    const until = world.clock.now() + 60 * MINUTE_MS + 20;
    await book.openTab().update(() => [{ node: poisoner.id, until }]);
    expect(await world.fetch(leecher, [poisoner, ...honest])).not.toContainEqual(isJoinOf(poisoner));
    expect(leecher.holding.corrupt()).toBe(0);
  });

  it('[EX17] stays so for an hour and over a reload of the page, and no longer', async () => {
    const { world, poisoner, honest, leecher, book } = await ban();
    // Or all of them would look for news to tell four times a second.
    for (const { swarm } of [poisoner, ...honest, leecher]) swarm.stop();
    await world.clock.advance(55 * MINUTE_MS);
    const soon = await reload(world, leecher, book);
    expect(await world.fetch(soon, [poisoner, ...honest])).not.toContainEqual(isJoinOf(poisoner));
    expect(soon.holding.corrupt()).toBe(0);
    expect(await world.fetch(soon, [poisoner, ...honest], { root: OTHER_ROOT })).toContainEqual({
      type: 'banned',
      peer: poisoner.id,
      what: 'before',
    });
    soon.swarm.stop();
    await world.clock.advance(6 * MINUTE_MS);
    const later = await reload(world, soon, book);
    expect(await world.fetch(later, [poisoner, ...honest])).toContainEqual(isJoinOf(poisoner));
  });

  it('[EX17] is not so for longer because the clock was wrong', async () => {
    const book = createBook();
    const { world, poisoner, honest, leecher } = await ban(book);
    book.bans = book.bans.map((one) => ({ ...one, until: one.until + 365 * 24 * 60 * MINUTE_MS }));
    const fresh = await reload(world, leecher, book);
    expect(await world.fetch(fresh, [poisoner, ...honest])).toContainEqual(isJoinOf(poisoner));
  });
});
