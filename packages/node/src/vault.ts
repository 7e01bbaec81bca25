import type { Unsubscribe } from '@tabswarm/base';
import type { HashRange } from '@tabswarm/content';
import type { Root } from '@tabswarm/protocol/ids';
import type { FileChoice, FilePriority } from '@tabswarm/store';

/*
 * The vault is content and storage behind one door: it hashes, seals, verifies, keeps, serves and opens. It is made to
 * run in a worker, so every method is asynchronous and takes and gives only what can be cloned or transferred.
 */

export type { FileChoice, FilePriority, HashRange };

export type Visibility = 'private' | 'public';

/**
 * What is known of a share's key. `none`: it is public and needs none. `missing`: it is private and we only help to hold
 * it. `unchecked`: the manifest, by which a key is known, is not there yet. `wrong`: the key is not this share's; its
 * blocks are kept all the same, and `want` with another key makes good for it. `unreadable`: whoever made the share wrote
 * a manifest that we do not take (too large, malformed, unsafe names, a newer version); no key makes good for that.
 */
export type KeyState = 'none' | 'missing' | 'unchecked' | 'ok' | 'wrong' | 'unreadable';

/** A file to share. `path` is its place within the share; one segment for a plain file. */
export interface SourceFile {
  readonly path: readonly string[];
  readonly file: Blob;
}

export interface FileView {
  /** As the sharer named it, without the folder that holds all of the share; the opaque name where that is not known. */
  readonly path: readonly string[];
  readonly length: number;
  /** Media type as the sharer's browser told it; empty where it is not known, as it is for every public share. */
  readonly type?: string | undefined;
}

/** What is known of one share. A snapshot, never changed in place. */
export interface ShareView {
  readonly root: Root;
  readonly visibility: Visibility;
  /** Base64url; absent for a public share, and for a private one that we only help to hold. */
  readonly key?: string | undefined;
  readonly keyState: KeyState;
  /** The name to show: known from the start for our own, from the link and then the metainfo for others'. */
  readonly name?: string | undefined;
  readonly origin: 'shared' | 'downloaded';
  readonly addedAt: number;
  readonly paused: boolean;
  /** Signaling servers that the link named. */
  readonly signaling: readonly string[];
  /** Which files are to be fetched; absent where all are. */
  readonly choice?: FileChoice | undefined;
  /** Absent until the info dictionary has come. */
  readonly metainfo?: MetainfoView | undefined;
  /** Bit i, from the highest bit of byte 0 on: block i is verified and kept. Empty while there is no metainfo. */
  readonly have: Uint8Array<ArrayBuffer>;
}

export interface MetainfoView {
  /** Bytes of a full block. */
  readonly pieceLength: number;
  /** Blocks are numbered through all files of the share, in the order of its file tree. */
  readonly blockCount: number;
  /** Length of each block: `pieceLength`, but for the last of each file. */
  readonly blockLengths: Uint32Array<ArrayBuffer>;
  /** Everything that is stored and fetched, a private share's manifest included. */
  readonly totalBytes: number;
  /** What a person sees; without the manifest. */
  readonly files: readonly FileView[];
  /** Ranges of block hashes still to be fetched before every block can be verified; empty when all are known. */
  readonly missingHashes: readonly HashRange[];
}

/** A share's `removed` is followed by its `share` where blocks of it were lost: what was known of it is void. */
export type VaultChange =
  | { readonly type: 'share'; readonly share: ShareView }
  | { readonly type: 'blocks'; readonly root: Root; readonly indexes: readonly number[] }
  /** The hash of the block that was put in this tab with that ticket is right; it is on its way to the disk. */
  | { readonly type: 'verified'; readonly ticket: number }
  | { readonly type: 'removed'; readonly root: Root };

export interface HashProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Why it does not go on: somebody wants it so, or there is no room on the disk. */
  readonly heldUp?: 'asked' | 'no-room' | undefined;
}

export interface Usage {
  readonly blocks: number;
  readonly bytes: number;
}

/**
 * Errors are told apart by `name`, which survives the way out of a worker: `QuotaExceededError` (the disk is full;
 * what was kept stays; an `add` or a `supply` waits instead), `WrongKeyError`, `NotFoundError` (no such share, file or known block), `IncompleteError`,
 * `CorruptError` (bytes that do not hash to what was asked for), `MetainfoError` (the share itself is not one that we
 * take: its hash is right, what it says is unsafe or too large), `NotReadableError` (a file changed while it was being
 * hashed), `OldTorrentError`, `AbortError`.
 */
export interface Vault {
  shares(): Promise<readonly ShareView[]>;
  /** Changes made in this tab and in every other tab of this browser. */
  onChange(listener: (change: VaultChange) => void): Promise<Unsubscribe>;
  /**
   * Hashes, seals and keeps the files. The share is listed when all of it is stored. `job` names it for `cancel`. Public
   * files that are listed already answer with the share that lists them, whose blocks are then all there. Where there is
   * no room left it waits for `goOn`, and keeps what it has stored.
   */
  add(
    files: readonly SourceFile[],
    options: { readonly visibility: Visibility; readonly name?: string | undefined; readonly job: string },
    onProgress: (progress: HashProgress) => void,
  ): Promise<ShareView>;
  /**
   * Ends an `add` or a `supply` with an AbortError, and resolves when it has ended. The blocks of an `add` go, unless
   * another share has them; what a `supply` has stored is right, and stays.
   */
  cancel(job: string): Promise<void>;
  /**
   * Has an `add` or a `supply` wait until `goOn`; what is on its way to the disk still gets there. A NotFoundError for no
   * such job.
   */
  holdUp(job: string): Promise<void>;
  goOn(job: string): Promise<void>;
  /**
   * Lists a share to download. Where it is known already, a key that was missing, unchecked or wrong is replaced and the
   * rest stays, the choice of files included. A WrongKeyError for a key that is not base64url of 32 bytes.
   */
  want(share: {
    readonly root: Root;
    readonly key?: string | undefined;
    readonly name?: string | undefined;
    readonly signaling: readonly string[];
    readonly choice?: FileChoice | undefined;
  }): Promise<ShareView>;
  setPaused(root: Root, paused: boolean): Promise<void>;
  /** Which files are to be fetched from now on; undefined: all. What is here stays. */
  choose(root: Root, choice: FileChoice | undefined): Promise<ShareView>;
  /** Takes in an info dictionary. Throws CorruptError where its hash is not the root, MetainfoError where that is all right. */
  putInfo(root: Root, info: ArrayBuffer): Promise<ShareView>;
  info(root: Root): Promise<ArrayBuffer | undefined>;
  /**
   * Takes in and keeps block hashes with the proof that leads to the file's root. Throws CorruptError. Answers the share,
   * and a `share` change tells of it, with the last hashes that were missing; undefined before that and after it.
   */
  putHashes(root: Root, range: HashRange, answer: ArrayBuffer): Promise<ShareView | undefined>;
  /** The hashes of the range, 32 bytes each, then the uncle hashes up to the file's root, lowest first. */
  hashes(root: Root, range: HashRange): Promise<ArrayBuffer | undefined>;
  /**
   * Verifies and keeps a block; resolves when it is stored. `corrupt` where it does not hash to the block's id; a
   * NotFoundError where the block's hash is not known yet. The buffer is the vault's from then on. With a `ticket`, any
   * number that no other put of this tab has, a `verified` change tells when these bytes, and not another copy of the
   * block, were found right. A block that is here already is `kept` without a look at the bytes, right or wrong: nothing
   * is told of them.
   */
  put(root: Root, index: number, block: ArrayBuffer, ticket?: number): Promise<'kept' | 'corrupt'>;
  block(root: Root, index: number): Promise<ArrayBuffer | undefined>;
  /**
   * One file that is here completely, opened; without `path` the only file. The share's name may stand before the path.
   * A WrongKeyError where the key is not the share's, or not known; an IncompleteError where blocks are missing;
   * a MetainfoError where the manifest is unreadable.
   */
  read(root: Root, path?: readonly string[]): Promise<Blob>;
  /** The bytes of one file from `start` up to `end`, opened. Errors as of `read`; only the blocks of this range count. */
  slice(
    root: Root,
    path: readonly string[] | undefined,
    range: { readonly start: number; readonly end: number },
  ): Promise<ArrayBuffer>;
  /** A public share as a `.torrent` file. An IncompleteError while not all of its hashes are known. */
  torrent(root: Root): Promise<ArrayBuffer>;
  /**
   * Lists the share of a `.torrent` file as one to download, with all that the file says of it. Throws a MetainfoError, or
   * an OldTorrentError where it is of BitTorrent v1 only.
   */
  importTorrent(torrent: ArrayBuffer): Promise<ShareView>;
  /**
   * Takes what is the share's out of files that are here already; answers how many bytes that is. They are matched by
   * length and name and proved by their hashes. Only for a public share whose hashes are known; 0 for others. `job` names
   * it for `cancel`, which comes by itself with the share's removal. Where there is no room left it waits for `goOn`. `onProgress`
   * is told of the bytes of those files that match; of one that differs the rest counts as done.
   */
  supply(
    root: Root,
    files: readonly SourceFile[],
    options: { readonly job: string },
    onProgress: (progress: HashProgress) => void,
  ): Promise<number>;
  /** Forgets the share and frees the blocks that no other share has: at once, or after an `add` that is under way. */
  remove(root: Root): Promise<void>;
  usage(): Promise<Usage>;
}
