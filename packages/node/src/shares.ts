import { createListeners, type Unsubscribe } from '@tabswarm/base';
import type { Root } from '@tabswarm/protocol/ids';
import {
  SKIPPED,
  hasBit,
  setBit,
  type Layout,
  type Holding,
  type Library,
  type Verdict,
} from '@tabswarm/swarm';
import { isChosen, wantedOf, type Wanted } from './choice.ts';
import { fileSpans, manifestBlocks } from './file-blocks.ts';
import type { MetainfoView, ShareView, Vault, VaultChange } from './vault.ts';

/** A share as this tab knows it. `have` is kept up to date in place. */
export interface Share {
  readonly view: ShareView;
  readonly have: Uint8Array<ArrayBuffer>;
  /** Blocks, and bytes of them, that are here. */
  readonly keptBlocks: number;
  readonly keptBytes: number;
  /** All of it is here. */
  readonly complete: boolean;
  readonly wanted: WantedPart;
}

/** The part of a share that is to be fetched: all of it, unless files were chosen. */
export interface WantedPart {
  /** Files that are wanted, and their bytes. */
  readonly files: number;
  readonly fileBytes: number;
  /** Everything that has to be fetched for that, and what of it is here. */
  readonly bytes: number;
  readonly keptBytes: number;
  /** It is known what is wanted, and all of that is here. */
  readonly done: boolean;
}

/** What the vault holds, at hand without asking it: the vault lives in a worker and answers later. */
export interface Shares {
  readonly library: Library;
  load(): Promise<void>;
  get(root: Root): Share | undefined;
  all(): readonly Share[];
  /** A share came, went or changed, or blocks of it came. */
  onChange(listener: (update: ShareUpdate) => void): Unsubscribe;
  /** Takes in a view that the vault has just returned, before its own notice of it arrives. */
  put(view: ShareView): void;
  stop(): void;
}

export interface ShareUpdate {
  readonly root: Root;
  /** Blocks of it came, and nothing else has changed. */
  readonly isProgress: boolean;
}

interface Entry {
  view: ShareView;
  have: Uint8Array<ArrayBuffer>;
  keptBlocks: number;
  keptBytes: number;
  /** Worked out when it is asked for. */
  layout?: Layout;
  readonly wanted: Wanted;
  /** Of what is wanted: bytes, those that are here, and blocks that are not. */
  wantedBytes: number;
  keptWantedBytes: number;
  missingBlocks: number;
}

export function createShares(vault: Vault): Shares {
  const entries = new Map<Root, Entry>();
  const changes = createListeners<ShareUpdate>();
  const removals = createListeners<Root>();
  const wishes = createListeners<Root>();
  const news = createListeners<{ root: Root; indexes: readonly number[] }>();
  /** Blocks that are being put, by ticket: what to do when one is found right. */
  const putting = new Map<number, () => void>();
  let tickets = 0;
  let unsubscribe: Unsubscribe | undefined;

  const mark = (root: Root, indexes: readonly number[]): void => {
    const entry = entries.get(root);
    if (!entry) return;
    const fresh = indexes.filter((index) => !hasBit(entry.have, index));
    if (fresh.length === 0) return;
    for (const index of fresh) {
      setBit(entry.have, index);
      count(entry, index);
    }
    news.emit({ root, indexes: fresh });
    changes.emit({ root, isProgress: true });
  };

  const put = (view: ShareView): void => {
    const before = entries.get(view.root);
    const lengths = view.metainfo?.blockLengths ?? new Uint32Array();
    const entry: Entry = {
      view,
      have: view.have.slice(),
      keptBlocks: 0,
      keptBytes: 0,
      wanted: wantedOf(view),
      wantedBytes: 0,
      keptWantedBytes: 0,
      missingBlocks: 0,
    };
    for (let i = 0; i < lengths.length; i += 1) {
      if (isWanted(entry, i)) {
        entry.wantedBytes += lengths[i] ?? 0;
        entry.missingBlocks += 1;
      }
      // Blocks that came after the vault drew this picture are not lost from ours.
      if (before && hasBit(before.have, i)) setBit(entry.have, i);
      if (hasBit(entry.have, i)) count(entry, i);
    }
    entries.set(view.root, entry);
    if (before && !before.view.metainfo && view.metainfo) news.emit({ root: view.root, indexes: [] });
    if (before && wishChanged(before, entry)) wishes.emit(view.root);
    changes.emit({ root: view.root, isProgress: false });
  };

  const onVaultChange = (change: VaultChange): void => {
    if (change.type === 'share') put(change.share);
    else if (change.type === 'blocks') mark(change.root, change.indexes);
    else if (change.type === 'verified') putting.get(change.ticket)?.();
    else if (entries.delete(change.root)) {
      removals.emit(change.root);
      changes.emit({ root: change.root, isProgress: false });
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
      const entry = entries.get(root);
      if (entry?.view.metainfo) entry.layout ??= layoutOf(entry.view, entry.view.metainfo);
      return entry?.layout;
    },
    have: () => entries.get(root)?.have ?? new Uint8Array(),
    priorities: () => entries.get(root)?.wanted.priorities,
    isOrigin: () => entries.get(root)?.view.origin === 'shared',
    isChosen() {
      const entry = entries.get(root);
      return entry !== undefined && isChosen(entry.view);
    },
    info: () => vault.info(root),
    putInfo: (bytes) => judged(() => vault.putInfo(root, bytes)),
    hashes: (range) => vault.hashes(root, range),
    putHashes: (range, bytes) => judged(() => vault.putHashes(root, range, bytes)),
    block: (index) => vault.block(root, index),
    async putBlock(index, bytes, onVerified) {
      const ticket = (tickets += 1);
      putting.set(ticket, onVerified);
      try {
        const verdict = await vault.put(root, index, bytes, ticket);
        if (verdict === 'kept') mark(root, [index]);
        return verdict;
      } finally {
        putting.delete(ticket);
      }
    },
  });

  const shareOf = (entry: Entry): Share => {
    const { view, have, keptBlocks, keptBytes, wanted, wantedBytes, keptWantedBytes, missingBlocks } = entry;
    return {
      view,
      have,
      keptBlocks,
      keptBytes,
      complete: view.metainfo !== undefined && keptBlocks === view.metainfo.blockCount,
      wanted: {
        files: wanted.files,
        fileBytes: wanted.bytes,
        bytes: wantedBytes,
        keptBytes: keptWantedBytes,
        done: isChosen(view) && missingBlocks === 0,
      },
    };
  };

  return {
    library: {
      get: (root) => (entries.has(root) ? holdingOf(root) : undefined),
      onHave: (listener) => news.subscribe(({ root, indexes }) => listener(root, indexes)),
      onWanted: (listener) => wishes.subscribe(listener),
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

function isWanted({ wanted: { priorities } }: Entry, index: number): boolean {
  return priorities?.[index] !== SKIPPED;
}

/** A block is here. */
function count(entry: Entry, index: number): void {
  const length = entry.view.metainfo?.blockLengths[index] ?? 0;
  entry.keptBlocks += 1;
  entry.keptBytes += length;
  if (!isWanted(entry, index)) return;
  entry.keptWantedBytes += length;
  entry.missingBlocks -= 1;
}

function wishChanged(before: Entry, after: Entry): boolean {
  const [old, next] = [before.wanted.priorities, after.wanted.priorities];
  if (isChosen(before.view) !== isChosen(after.view) || old?.length !== next?.length) return true;
  return old?.some((priority, index) => next?.[index] !== priority) === true;
}

function layoutOf({ visibility }: ShareView, metainfo: MetainfoView): Layout {
  const manifest = manifestBlocks(metainfo);
  const spans = fileSpans(metainfo);
  // Numbered in the file tree, where a private share's manifest comes first.
  if (visibility === 'private') spans.unshift({ first: 0, end: manifest });
  return {
    blockLengths: metainfo.blockLengths,
    urgentBlocks: manifest,
    missingHashes: metainfo.missingHashes.map((range) => {
      const file = spans[range.file] ?? { first: 0, end: 0 };
      const first = file.first + range.first;
      return { range, first, end: Math.min(file.end, first + range.count) };
    }),
  };
}
