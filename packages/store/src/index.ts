export {
  createBlockStore,
  type BlockChange,
  type BlockStore,
  type BlockStoreCollaborators,
} from './block-store.ts';
export { createMemoryDatabase, type Database } from './database.ts';
export { createIndexedDatabase } from './indexed-database.ts';
export {
  type FileChoice,
  type FilePriority,
  type HashChunk,
  type ShareChange,
  type ShareRecord,
  type ShareStore,
  type StoredShare,
} from './share-store.ts';
export { createMemoryBrowser, openStores, type Stores } from './stores.ts';
export { createMemoryTabs, openTabChannel, type TabChannel } from './tab-channel.ts';
