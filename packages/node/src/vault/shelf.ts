import type { BlockId, Root } from '@tabswarm/protocol/ids';
import { putBit } from './bitmap.ts';
import type { HeldShare } from './held-share.ts';

interface Place {
  readonly share: HeldShare;
  readonly index: number;
}

/** The shares in memory, and which of them have a block: the same content has the same blocks in every share. */
export interface Shelf {
  get(root: Root): HeldShare | undefined;
  all(): HeldShare[];
  put(share: HeldShare): void;
  remove(root: Root): HeldShare | undefined;
  /** Makes known whose block a share's block `index` is; marks it where `kept` has it. */
  place(share: HeldShare, index: number, kept: ReadonlySet<BlockId>): void;
  /** Marks blocks as kept or not, in every share; answers what that changed. */
  mark(ids: readonly BlockId[], kept: boolean): Map<HeldShare, number[]>;
  /** Whether a share has this block. */
  knows(id: BlockId): boolean;
  /** Bytes of those blocks that a share has. */
  bytesOf(ids: Iterable<BlockId>): number;
}

export function createShelf(): Shelf {
  const shares = new Map<Root, HeldShare>();
  const places = new Map<BlockId, Place[]>();

  const remove = (root: Root): HeldShare | undefined => {
    const share = shares.get(root);
    shares.delete(root);
    for (const id of share?.metainfo?.ids ?? []) {
      if (id === undefined) continue;
      const rest = places.get(id)?.filter((place) => place.share !== share) ?? [];
      if (rest.length > 0) places.set(id, rest);
      else places.delete(id);
    }
    return share;
  };

  return {
    get: (root) => shares.get(root),
    all: () => [...shares.values()],
    put(share) {
      remove(share.root);
      shares.set(share.root, share);
    },
    remove,
    place(share, index, kept) {
      const { metainfo } = share;
      const id = metainfo?.ids[index];
      if (!metainfo || id === undefined) return;
      const place = { share, index };
      const others = places.get(id);
      if (others) others.push(place);
      else places.set(id, [place]);
      putBit(metainfo.have, index, kept.has(id));
    },
    mark(ids, kept) {
      const changed = new Map<HeldShare, number[]>();
      for (const { share, index } of ids.flatMap((id) => places.get(id) ?? [])) {
        if (share.metainfo) putBit(share.metainfo.have, index, kept);
        const indexes = changed.get(share) ?? [];
        indexes.push(index);
        changed.set(share, indexes);
      }
      return changed;
    },
    knows: (id) => places.has(id),
    bytesOf(ids) {
      let bytes = 0;
      for (const id of ids) {
        const place = places.get(id)?.[0];
        bytes += place?.share.metainfo?.blockLengths[place.index] ?? 0;
      }
      return bytes;
    },
  };
}
