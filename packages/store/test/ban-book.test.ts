import 'fake-indexeddb/auto';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { createBanBook, openBanBook, type BannedNode } from '../src/ban-book.ts';
import { createMemoryDatabase, createMemoryTabs } from '../src/index.ts';

const NODE = idFromBytes<NodeId>(new Uint8Array(32).fill(6));
const OTHER = idFromBytes<NodeId>(new Uint8Array(32).fill(7));

describe('the book of bans', () => {
  it('keeps what was written last, for every tab of the browser', async () => {
    const book = openBanBook({ name: 'bans-test' });
    expect(await book.all()).toEqual([]);
    await book.update((bans) => [...bans, { node: NODE, until: 7 }]);
    const other = openBanBook({ name: 'bans-test' });
    await other.update((bans) => bans.map((ban) => ({ ...ban, until: 9 })));
    expect(await book.all()).toEqual([{ node: NODE, until: 9 }]);
    book.close();
    other.close();
  });

  it('[ST31] tells the other tabs of a change, of which they then find what was written', async () => {
    const [here, there] = [openBanBook({ name: 'bans-told' }), openBanBook({ name: 'bans-told' })];
    const found: Promise<readonly BannedNode[]>[] = [];
    there.onChange(() => found.push(there.all()));
    await here.update((bans) => [...bans, { node: NODE, until: 7 }]);
    await expect.poll(() => found.length).toBe(1);
    expect(await found[0]).toEqual([{ node: NODE, until: 7 }]);
    here.close();
    there.close();
  });

  it('[ST31] tells all other tabs, of every change, and the own one of none', async () => {
    const database = createMemoryDatabase<readonly BannedNode[]>();
    const tabs = createMemoryTabs();
    const books = [0, 1, 2].map(() => createBanBook({ database, tabs: tabs.open() }));
    const heard = [0, 0, 0];
    const stop = books.map((book, tab) => book.onChange(() => (heard[tab] = (heard[tab] ?? 0) + 1)));
    await Promise.all([
      books[0]?.update((bans) => [...bans, { node: NODE, until: 7 }]),
      books[0]?.update((bans) => [...bans, { node: OTHER, until: 8 }]),
      books[2]?.update((bans) => bans.map((ban) => ({ ...ban, until: ban.until + 1 }))),
    ]);
    await expect.poll(() => heard).toEqual([1, 3, 2]);
    expect(await books[1]?.all()).toEqual([
      { node: NODE, until: 8 },
      { node: OTHER, until: 9 },
    ]);
    stop[1]?.();
    await books[0]?.update((bans) => bans.slice(1));
    await expect.poll(() => heard).toEqual([1, 3, 3]);
  });

  it('[ST31] says nothing where nothing was written, and passes over what it does not know', async () => {
    const database = createMemoryDatabase<readonly BannedNode[]>();
    const tabs = createMemoryTabs();
    const [here, there] = [0, 1].map(() => createBanBook({ database, tabs: tabs.open() }));
    let heard = 0;
    there?.onChange(() => (heard += 1));
    const fails = here?.update(() => {
      throw new Error('no such change');
    });
    await expect(fails).rejects.toThrow('no such change');
    tabs.open().post({ type: 'changed', bans: [] });
    // Messages arrive in order: whatever was said before this one has been heard by then.
    await here?.update((bans) => bans);
    await expect.poll(() => heard).toBe(1);
    there?.close();
    await here?.update((bans) => bans);
    expect(heard).toBe(1);
  });
});
