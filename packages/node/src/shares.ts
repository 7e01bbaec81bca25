import { createListeners, type Unsubscribe } from '@tabswarm/base';
import type { Root } from '@tabswarm/protocol/ids';
import { hasBit, setBit, type Holding, type Library, type Verdict } from '@tabswarm/swarm';
import { manifestBlocks } from './file-blocks.ts';
import type { ShareView, Vault, VaultChange } from './vault.ts';

/** A share as this tab knows it. `have` is kept up to date in place. */
export interface Share {
  readonly view: ShareView;
  readonly have: Uint8Array<ArrayBuffer>;
  /** Blocks, and bytes of them, that are here. */
  readonly keptBlocks: number;
  readonly keptBytes: number;
  readonly complete: boolean;
}

/** What the vault holds, at hand without asking it: the vault lives in a worker and answers later. */
export interface Shares {
  readonly library: Library;
  load(): Promise<void>;
  get(root: Root): Share | undefined;
  all(): readonly Share[];
  /** A share came, went or changed, or blocks of it came. */
  onChange(listener: (root: Root) => void): Unsubscribe;
  /** Takes in a view that the vault has just returned, before its own notice of it arrives. */
  put(view: ShareView): void;
  stop(): void;
}

interface Entry {
  view: ShareView;
  have: Uint8Array<ArrayBuffer>;
  keptBlocks: number;
  keptBytes: number;
}

export function createShares(vault: Vault): Shares {
  const entries = new Map<Root, Entry>();
  const changes = createListeners<Root>();
  const removals = createListeners<Root>();
  const news = createListeners<{ root: Root; indexes: readonly number[] }>();
  let unsubscribe: Unsubscribe | undefined;

  const mark = (root: Root, indexes: readonly number[]): void => {
    const entry = entries.get(root);
    if (!entry) return;
    const fresh = indexes.filter((index) => !hasBit(entry.have, index));
    if (fresh.length === 0) return;
    for (const index of fresh) {
      setBit(entry.have, index);
      entry.keptBlocks += 1;
      entry.keptBytes += entry.view.metainfo?.blockLengths[index] ?? 0;
    }
    news.emit({ root, indexes: fresh });
    changes.emit(root);
  };

  const put = (view: ShareView): void => {
    const before = entries.get(view.root);
    const lengths = view.metainfo?.blockLengths ?? new Uint32Array();
    const entry: Entry = { view, have: view.have.slice(), keptBlocks: 0, keptBytes: 0 };
    // Blocks that came after the vault drew this picture are not lost from ours.
    for (let i = 0; i < lengths.length; i += 1) {
      if (before && hasBit(before.have, i)) setBit(entry.have, i);
      if (!hasBit(entry.have, i)) continue;
      entry.keptBlocks += 1;
      entry.keptBytes += lengths[i] ?? 0;
    }
    entries.set(view.root, entry);
    if (before && !before.view.metainfo && view.metainfo) news.emit({ root: view.root, indexes: [] });
    changes.emit(view.root);
  };

  const onVaultChange = (change: VaultChange): void => {
    if (change.type === 'share') put(change.share);
    else if (change.type === 'blocks') mark(change.root, change.indexes);
    else if (entries.delete(change.root)) {
      removals.emit(change.root);
      changes.emit(change.root);
    }
  };

  /** Runs what takes in bytes from a peer; `corrupt` is the peer's fault, anything else is ours. */
  const judged = async (take: () => Promise<ShareView | undefined>): Promise<Verdict> => {
    try {
      const view = await take();
      if (view) put(view);
      return 'kept';
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'CorruptError') return 'corrupt';
      throw cause;
    }
  };

  const holdingOf = (root: Root): Holding => ({
    root,
    layout() {
      const metainfo = entries.get(root)?.view.metainfo;
      return metainfo && { ...metainfo, urgentBlocks: manifestBlocks(metainfo) };
    },
    have: () => entries.get(root)?.have ?? new Uint8Array(),
    priorities: () => undefined,
    isChosen: () => true,
    info: () => vault.info(root),
    putInfo: (bytes) => judged(() => vault.putInfo(root, bytes)),
    hashes: (range) => vault.hashes(root, range),
    putHashes: (range, bytes) => judged(() => vault.putHashes(root, range, bytes)),
    block: (index) => vault.block(root, index),
    async putBlock(index, bytes) {
      const verdict = await vault.put(root, index, bytes);
      if (verdict === 'kept') mark(root, [index]);
      return verdict;
    },
  });

  const shareOf = ({ view, have, keptBlocks, keptBytes }: Entry): Share => {
    const complete = view.metainfo !== undefined && keptBlocks === view.metainfo.blockCount;
    return { view, have, keptBlocks, keptBytes, complete };
  };

  return {
    library: {
      get: (root) => (entries.has(root) ? holdingOf(root) : undefined),
      onHave: (listener) => news.subscribe(({ root, indexes }) => listener(root, indexes)),
      onWanted: () => () => undefined,
      onRemoved: (listener) => removals.subscribe(listener),
    },
    async load() {
      unsubscribe = await vault.onChange(onVaultChange);
      for (const view of await vault.shares()) put(view);
    },
    get(root) {
      const entry = entries.get(root);
      return entry && shareOf(entry);
    },
    all: () => [...entries.values()].map((entry) => shareOf(entry)),
    onChange: (listener) => changes.subscribe(listener),
    put,
    stop() {
      unsubscribe?.();
      unsubscribe = undefined;
    },
  };
}
