import { createBlockStore, type BlockStore } from './block-store.ts';
import { createMemoryDatabase, type Database } from './database.ts';
import { createIndexedDatabase } from './indexed-database.ts';
import { createShareStore, type ShareStore, type StoredShare } from './share-store.ts';
import { createMemoryTabs, openTabChannel } from './tab-channel.ts';

/** What one tab keeps its shares in. */
export interface Stores {
  readonly blocks: BlockStore;
  readonly shares: ShareStore;
}

/** The stores of this browser, in IndexedDB: the same ones in all tabs that give the same `name`. */
export function openStores({ name = 'tabswarm' }: { readonly name?: string } = {}): Stores {
  return {
    blocks: createBlockStore({
      database: createIndexedDatabase<ArrayBuffer>(`${name}-blocks`),
      tabs: openTabChannel(`${name}-blocks`),
    }),
    shares: createShareStore({
      database: createIndexedDatabase<StoredShare>(`${name}-shares`),
      tabs: openTabChannel(`${name}-shares`),
    }),
  };
}

/** Stores in memory: each call of `openTab` is another tab of one browser. */
export function createMemoryBrowser(): { openTab(): Stores } {
  const blocks: Database<ArrayBuffer> = createMemoryDatabase();
  const shares: Database<StoredShare> = createMemoryDatabase();
  const blockTabs = createMemoryTabs();
  const shareTabs = createMemoryTabs();
  return {
    openTab: () => ({
      blocks: createBlockStore({ database: blocks, tabs: blockTabs.open() }),
      shares: createShareStore({ database: shares, tabs: shareTabs.open() }),
    }),
  };
}
