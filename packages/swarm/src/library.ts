import type { Unsubscribe } from '@tabswarm/base';
import type { HashRange } from '@tabswarm/content';
import type { Root } from '@tabswarm/protocol/ids';

/** How a share is cut, known once its info dictionary is there. */
export interface Layout {
  /** Bytes of each block, through all files. */
  readonly blockLengths: Uint32Array;
  /** So many blocks at the beginning are fetched before all others: they say what the rest is. */
  readonly urgentBlocks: number;
  /** What is still to be asked for before every block can be verified. */
  readonly missingHashes: readonly MissingHashes[];
}

/** Hashes of the blocks from `first` up to `end`, counted through all files. */
export interface MissingHashes {
  readonly range: HashRange;
  readonly first: number;
  readonly end: number;
}

/** What is wanted of a share, block by block. */
export const SKIPPED = 0;
export const WANTED = 1;
/** Before what is only wanted. */
export const FIRST = 2;

/** `corrupt`: it does not hash to what was asked for, so the sender is at fault. */
export type Verdict = 'kept' | 'corrupt';

/** What the swarm sees of a share: what is here, where to put what comes, and nothing of files or keys. */
export interface Holding {
  readonly root: Root;
  /** Whether it was shared from here, so that perhaps nobody else has any of it. */
  isOrigin(): boolean;
  layout(): Layout | undefined;
  /** One bit a block, from the highest bit of byte 0 on. Empty while there is no layout. */
  have(): Uint8Array<ArrayBuffer>;
  /** For each block SKIPPED, WANTED or FIRST. Undefined where all of them are wanted. */
  priorities(): Uint8Array | undefined;
  /** Whether it is known what is wanted; as long as it is not, a fetch does not end. */
  isChosen(): boolean;
  /** As of `hashes` and `block`, the bytes are the caller's own. */
  info(): Promise<ArrayBuffer | undefined>;
  putInfo(bytes: ArrayBuffer): Promise<Verdict>;
  hashes(range: HashRange): Promise<ArrayBuffer | undefined>;
  putHashes(range: HashRange, bytes: ArrayBuffer): Promise<Verdict>;
  block(index: number): Promise<ArrayBuffer | undefined>;
  /**
   * Resolves when the block is verified and stored; rejects where it cannot be stored. `onVerified` is called as soon as
   * the hash of these bytes was found right, whatever is found of another copy of the block. Where the block is stored
   * already it is `kept` and the bytes are not looked at, so its sender is neither credited nor blamed.
   */
  putBlock(index: number, bytes: ArrayBuffer, onVerified: () => void): Promise<Verdict>;
}

/** The shares that this tab takes part in. */
export interface Library {
  get(root: Root): Holding | undefined;
  /** Blocks that came to be here, whichever tab of the browser fetched them; an empty list: the layout is there. */
  onHave(listener: (root: Root, indexes: readonly number[]) => void): Unsubscribe;
  /** What is wanted of a share is something else now. */
  onWanted(listener: (root: Root) => void): Unsubscribe;
  /** Shares that this tab takes part in no longer. */
  onRemoved(listener: (root: Root) => void): Unsubscribe;
}
