import type { State } from '@tabswarm/base';
import type { NodeLookup } from '@tabswarm/dht';
import type { Root } from '@tabswarm/protocol/ids';
import type { Limits } from '@tabswarm/swarm';
import type { ReadOptions } from './readers.ts';
import type { NodeSnapshot } from './snapshot.ts';
import type { FileStatus } from './file-status.ts';
import type { FilePriority, SourceFile, Visibility } from './vault.ts';

export interface SharedLink {
  readonly link: string;
  readonly root: Root;
}

/** One tab of the network: everything that the page, or a script on it, can do. */
export interface Node {
  readonly snapshot: State<NodeSnapshot>;
  start(): Promise<void>;
  /** The page was hidden, the machine slept, or the network is another: finds out what is left, and goes on. */
  wake(): void;
  /** Says goodbye to peers. What is stored stays. */
  stop(): Promise<void>;
  /** Hashes and keeps the files and offers them to others. Resolves when the link is ready. */
  share(
    files: readonly SourceFile[],
    options?: {
      visibility?: Visibility | undefined;
      name?: string | undefined;
      signal?: AbortSignal | undefined;
    },
  ): Promise<SharedLink>;
  /**
   * Lists what the link names, and fetches it. Resolves when it is listed; throws a LinkError where the text is no link,
   * and a TransferError where it cannot be listed: the messages of both are for people. Of the `files` that are given,
   * and of no others, the blocks are fetched; none of them for an empty list. Of a share that is listed already they are
   * fetched besides what was chosen before.
   */
  add(link: string, options?: { files?: readonly (readonly string[])[] | undefined }): Promise<Root>;
  /**
   * As `add`, but without `files` all is fetched, whatever was chosen before; resolves when all that was chosen is here. Aborting pauses it. Rejects with a TransferError that needs the
   * user, and with a NotFoundError where one of the files is not in the share.
   */
  download(
    link: string,
    options?: {
      files?: readonly (readonly string[])[] | undefined;
      signal?: AbortSignal | undefined;
    },
  ): Promise<{ root: Root }>;
  /** Which of a share's files are fetched, and which first: those at the paths, or all. What is here stays. */
  choose(root: Root, priority: FilePriority, paths?: readonly (readonly string[])[]): Promise<void>;
  /** So many of a share's files from number `first` on, with how much of them is here. */
  files(root: Root, first: number, count: number): readonly FileStatus[];
  /** As `add`, for what a `.torrent` file names. Throws a TransferError. */
  addTorrent(torrent: Blob): Promise<Root>;
  /** A public share as a `.torrent` file. Throws an IncompleteError while not all of its hashes are known. */
  torrent(root: Root): Promise<Blob>;
  /**
   * Takes out of files that are here already what is the share's, so that it need not be fetched. Answers how many bytes
   * that is; throws a TransferError where it is nothing. The share's row tells how far it is. Where there is no room left
   * it waits. Rejects with `signal.reason`, or an AbortError where it is removed as its row names it or the share is
   * removed: what was taken so far stays.
   */
  supply(
    root: Root,
    files: readonly SourceFile[],
    options?: { signal?: AbortSignal | undefined },
  ): Promise<number>;
  read(root: Root, path?: readonly string[]): Promise<Blob>;
  /**
   * One file's opened bytes in order (of `start` up to `end`), also while it is still being fetched: gives what is here,
   * waits for what is not, and has that and what follows fetched before all else. Without `path` the only file; it is
   * waited for until the names are known. It is read no faster than it is taken. Errors with a NotFoundError (no such
   * share or file, or the share was removed), a WrongKeyError, a MetainfoError (the list of files is unreadable), or
   * `signal.reason`; a download that is paused or finds nobody is waited for.
   */
  stream(root: Root, path?: readonly string[], options?: ReadOptions): ReadableStream<Uint8Array>;
  /**
   * Bytes per second for all that this tab sends or receives of shares, at least 16,000; undefined: no limit. Kept over a
   * reload, and taken on by the other tabs of this browser. Throws a RangeError.
   */
  setLimits(limits: Limits): void;
  /** A lookup of a random place, for somebody who wants to see one. Throws a NoNetworkError. */
  exploreNetwork(): Promise<NodeLookup>;
  /** `id` as of its row: of a share, of files that are on their way to becoming one, or of what a share is supplied with. */
  pause(id: string): Promise<void>;
  /** Goes on with what was paused, by the user or by a problem; `anyway` also where there is less room than it needs. */
  resume(id: string, options?: { anyway?: boolean | undefined }): Promise<void>;
  /** The user knows that everything that was kept is gone. */
  dismissLost(): void;
  /** Removes a share and what is stored of it, cancels or dismisses one that is being hashed, or stops a `supply`. */
  remove(id: string): Promise<void>;
  /**
   * Links to the node of that id, in 64 hexadecimal digits, through whoever can introduce it: a server or the overlay.
   * Rejects with an UnreachableError that says why not, with a SyntaxError where it is no id, or with `signal.reason`.
   */
  connect(nodeId: string, options?: { signal?: AbortSignal | undefined }): Promise<void>;
}
