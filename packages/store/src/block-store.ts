import { createListeners, discarded, gather, type Unsubscribe } from '@tabswarm/base';
import { VerifiedBlock } from '@tabswarm/content';
import { isIdText, type BlockId } from '@tabswarm/protocol/ids';
import { createBatcher, type Batch } from './batch.ts';
import type { Database } from './database.ts';
import type { TabChannel } from './tab-channel.ts';

/** Blocks that came to be kept, or are kept no longer, in whatever tab of this browser. */
export interface BlockChange {
  readonly type: 'kept' | 'gone';
  readonly ids: readonly BlockId[];
}

/** Keeps verified blocks. The tabs of one browser share what is kept. */
export interface BlockStore {
  /**
   * Resolves when the block is on disk, at once where it is already. Rejects with a QuotaExceededError where there is no
   * room; then it is not kept, and all others are as they were.
   */
  put(block: VerifiedBlock): Promise<void>;
  /** The block's bytes, which are the caller's own; undefined where it is not kept. */
  get(id: BlockId): Promise<ArrayBuffer | undefined>;
  /** What is kept. The set changes as blocks come and go. */
  ids(): Promise<ReadonlySet<BlockId>>;
  /** Those of the blocks that are not on disk, whatever this tab has heard: another one may just have deleted them. */
  lacking(ids: readonly BlockId[]): Promise<BlockId[]>;
  /** Resolves when their room is free. */
  delete(ids: readonly BlockId[]): Promise<void>;
  onChange(listener: (change: BlockChange) => void): Unsubscribe;
  /** Writes what still waits, and tells and hears no more. */
  close(): void;
}

export interface BlockStoreCollaborators {
  /** Holds nothing else. */
  readonly database: Database<ArrayBuffer>;
  readonly tabs: TabChannel;
}

export function createBlockStore({ database, tabs }: BlockStoreCollaborators): BlockStore {
  const changes = createListeners<BlockChange>();
  const ids = new Set<BlockId>();
  let loading: Promise<void> | undefined;
  /** What other tabs told while the keys were being read. */
  let early: BlockChange[] = [];
  let loaded = false;
  const stopListening = tabs.onMessage((message) => {
    if (!isBlockChange(message)) return;
    if (loaded) apply(message);
    else early.push(message);
    changes.emit(message);
  });

  /** Counts writes and deletions, since they end in the order in which they began. */
  let step = 0;
  const deletedAt = new Map<BlockId, number>();
  /** Writes under way, so that a block that comes twice is written once. */
  const writing = new Map<BlockId, Promise<void>>();

  const apply = ({ type, ids: changed }: BlockChange): void => {
    for (const id of changed) {
      if (type === 'kept') ids.add(id);
      else ids.delete(id);
    }
  };

  const announce = (change: BlockChange): void => {
    if (change.ids.length === 0) return;
    apply(change);
    tabs.post(change);
    changes.emit(change);
  };

  const read = async (): Promise<void> => {
    try {
      for (const key of await database.keys('')) if (isIdText(key)) ids.add(key as BlockId);
      for (const change of early) apply(change);
      loaded = true;
    } catch (error) {
      loading = undefined;
      throw error;
    } finally {
      early = [];
    }
  };
  const load = (): Promise<void> => (loading ??= read());

  const write = async ({ entries }: Batch): Promise<void> => {
    const begun = (step += 1);
    await database.setMany(entries);
    // Of what was handed to the database a copy was made, as of what comes out of it below.
    for (const [, { byteLength }] of entries) discarded(byteLength);
    const written = entries.map(([key]) => key as BlockId);
    // Deleted since, so already gone again.
    announce({ type: 'kept', ids: written.filter((id) => (deletedAt.get(id) ?? 0) < begun) });
  };
  const batcher = createBatcher(write);
  const fetch = gather((wanted: readonly BlockId[]) => database.getMany(wanted));

  return {
    async put(block) {
      // The type says so already; code that got around it must not get around this.
      if (!(block instanceof VerifiedBlock)) throw new TypeError('only verified blocks are kept');
      await load();
      if (ids.has(block.id)) return;
      const underWay = writing.get(block.id);
      if (underWay) return underWay;
      const written = batcher.add(block.id, block.data).finally(() => {
        if (writing.get(block.id) === written) writing.delete(block.id);
      });
      writing.set(block.id, written);
      await written;
    },

    async get(id) {
      await load();
      const block = await fetch(id);
      // Browsers do lose what they keep; the index must not promise it for longer.
      if (block) discarded(block.byteLength);
      else if (ids.has(id)) announce({ type: 'gone', ids: [id] });
      return block;
    },

    async ids() {
      await load();
      return ids;
    },

    async lacking(wanted) {
      batcher.flush();
      return (await database.lacking(wanted)) as BlockId[];
    },

    async delete(targets) {
      await load();
      // What waits to be written must not be written after the deletion.
      batcher.flush();
      const begun = (step += 1);
      const had = targets.filter((id) => ids.has(id));
      for (const id of targets) {
        ids.delete(id);
        writing.delete(id);
        deletedAt.set(id, begun);
      }
      try {
        await database.deleteMany(targets);
      } catch (error) {
        for (const id of had) ids.add(id);
        throw error;
      } finally {
        for (const id of targets) if (deletedAt.get(id) === begun) deletedAt.delete(id);
      }
      announce({ type: 'gone', ids: targets });
    },

    onChange: (listener) => changes.subscribe(listener),

    close() {
      batcher.flush();
      stopListening();
      tabs.close();
    },
  };
}

/** The other tab may run another version of this page. */
function isBlockChange(message: unknown): message is BlockChange {
  if (typeof message !== 'object' || message === null) return false;
  const { type, ids } = message as Partial<BlockChange>;
  return (
    (type === 'kept' || type === 'gone') &&
    Array.isArray(ids) &&
    ids.every((id) => typeof id === 'string' && isIdText(id))
  );
}
