import {
  createLimiter,
  createListeners,
  errorText,
  type Limiter,
  type Log,
  type Unsubscribe,
} from '@tabswarm/base';
import type { BlockId, Root } from '@tabswarm/protocol/ids';
import type { BlockChange, HashChunk, ShareChange, Stores } from '@tabswarm/store';
import type { VaultChange } from '../vault.ts';
import { NotFoundError } from './errors.ts';
import { viewOf, type HeldShare } from './held-share.ts';
import { addHashes, hasFile } from './metainfo.ts';
import { checkKey } from './open-file.ts';
import { createShelf } from './shelf.ts';
import { loadShare } from './shelf-loader.ts';

/** What is on disk, at hand in memory, and kept up with what this tab and the others do to it. */
export interface Holdings {
  /** Resolves when everything is loaded. */
  ready(): Promise<void>;
  get(root: Root): HeldShare | undefined;
  /** Throws a NotFoundError. */
  find(root: Root): HeldShare;
  all(): HeldShare[];
  /** Whether a share has this block. */
  knows(id: BlockId): boolean;
  /** Bytes of those blocks that a share has. */
  bytesOf(ids: Iterable<BlockId>): number;
  /** Runs what changes a share, one at a time. */
  alone<T>(root: Root, work: () => Promise<T>): Promise<T>;
  /** Reads the share from disk and tells of it. Only inside `alone`. */
  reload(root: Root): Promise<HeldShare | undefined>;
  /** Makes known blocks whose hashes have come. */
  placeBlocks(share: HeldShare, indexes: readonly number[]): Promise<void>;
  /**
   * Takes in verified hashes. Answers true, and tells of the share, when they are the last that were missing: telling of
   * it costs as much as it has blocks, and a share may have as many ranges. Only inside `alone`.
   */
  takeHashes(share: HeldShare, chunks: readonly HashChunk[]): Promise<boolean>;
  /** Finds out anew what can be said of the key, and tells of the share. Only inside `alone`. */
  recheck(share: HeldShare): Promise<void>;
  /** Only inside `alone`. */
  forget(root: Root): void;
  /** Tells that the hash of what was put with that ticket is right, before it is stored. */
  tellVerified(ticket: number): void;
  onChange(listener: (change: VaultChange) => void): Unsubscribe;
  close(): void;
}

export function createHoldings(stores: Stores, log: Log): Holdings {
  const shelf = createShelf();
  const changes = createListeners<VaultChange>();
  const queues = new Map<Root, Limiter>();
  const unsubscribe: Unsubscribe[] = [];
  /** Shares that another tab changed, and that wait to be read again. */
  const stale = new Set<Root>();
  let loading: Promise<void> | undefined;

  const alone = <T>(root: Root, work: () => Promise<T>): Promise<T> => {
    const queue = queues.get(root) ?? createLimiter(1);
    queues.set(root, queue);
    return queue.run(work);
  };

  const tell = (share: HeldShare): void => {
    if (shelf.get(share.root) === share) changes.emit({ type: 'share', share: viewOf(share) });
  };

  const inBackground = (what: string, work: Promise<unknown>): void => {
    work.catch((cause: unknown) => log.error(what, { cause: errorText(cause) }));
  };

  const forget = (root: Root): void => {
    if (shelf.remove(root)) changes.emit({ type: 'removed', root });
  };

  const reload = async (root: Root): Promise<HeldShare | undefined> => {
    const share = await loadShare(stores, shelf, root);
    if (share) tell(share);
    else forget(root);
    return share;
  };

  const recheck = async (share: HeldShare): Promise<void> => {
    Object.assign(share, await checkKey(stores.blocks, share));
    tell(share);
  };

  const placeBlocks = async (share: HeldShare, indexes: readonly number[]): Promise<void> => {
    const kept = await stores.blocks.ids();
    for (const index of indexes) shelf.place(share, index, kept);
  };

  const takeHashes = async (share: HeldShare, chunks: readonly HashChunk[]): Promise<boolean> => {
    const { metainfo } = share;
    // Without the info dictionary there is no place for them; they are read from disk when that comes.
    if (!metainfo) return false;
    const fresh = chunks.flatMap((chunk) => addHashes(metainfo, chunk));
    await placeBlocks(share, fresh);
    const done = fresh.length > 0 && metainfo.missing.size === 0;
    if (done) await recheck(share);
    return done;
  };

  const onBlocks = ({ type, ids }: BlockChange): void => {
    for (const [share, indexes] of shelf.mark(ids, type === 'kept')) {
      const { root, metainfo } = share;
      if (type === 'kept') {
        changes.emit({ type: 'blocks', root, indexes });
        const manifestCame = share.keyState === 'unchecked' && metainfo && hasFile(metainfo, 0);
        if (manifestCame)
          inBackground(
            'a key could not be checked',
            alone(root, () => recheck(share)),
          );
      } else {
        log.warn('blocks of a share were lost', { root, count: indexes.length });
        changes.emit({ type: 'removed', root });
        tell(share);
      }
    }
  };

  const onHashes = async (root: Root, chunks: readonly HashChunk[]): Promise<void> => {
    const share = shelf.get(root);
    if (share) await takeHashes(share, chunks);
  };

  const onShare = (change: ShareChange): void => {
    const { root } = change;
    if (change.where === 'here') return;
    if (change.type === 'hashes') {
      inBackground(
        'hashes from another tab could not be taken in',
        alone(root, () => onHashes(root, change.chunks)),
      );
      return;
    }
    if (stale.has(root)) return;
    stale.add(root);
    const readAgain = async (): Promise<void> => {
      // From here on a further change must be read once more.
      stale.delete(root);
      await reload(root);
    };
    inBackground('a share of another tab could not be read', alone(root, readAgain));
  };

  const loadAll = async (): Promise<void> => {
    unsubscribe.push(stores.blocks.onChange(onBlocks), stores.shares.onChange(onShare));
    for (const { root } of await stores.shares.list()) {
      await alone(root, async () => {
        try {
          await loadShare(stores, shelf, root);
        } catch (cause) {
          // One share that cannot be read, perhaps written by a newer version, must not take the others with it.
          log.error('a share could not be read', { root, cause: errorText(cause) });
        }
      });
    }
  };

  const stop = (): void => {
    for (const end of unsubscribe.splice(0)) end();
  };
  const startOver = (error: unknown): never => {
    stop();
    loading = undefined;
    throw error;
  };

  return {
    ready: () => (loading ??= loadAll().catch(startOver)),
    get: shelf.get,
    find(root) {
      const share = shelf.get(root);
      if (!share) throw new NotFoundError('no such share');
      return share;
    },
    all: shelf.all,
    knows: shelf.knows,
    bytesOf: shelf.bytesOf,
    alone,
    reload,
    placeBlocks,
    takeHashes,
    recheck,
    forget,
    tellVerified: (ticket) => changes.emit({ type: 'verified', ticket }),
    onChange: (listener) => changes.subscribe(listener),
    close: stop,
  };
}
