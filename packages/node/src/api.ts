import type { State } from '@tabswarm/base';
import type { NodeLookup } from '@tabswarm/dht';
import type { Root } from '@tabswarm/protocol/ids';
import type { NodeSnapshot } from './snapshot.ts';
import type { SourceFile, Visibility } from './vault.ts';

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
   * and a TransferError where it cannot be listed: the messages of both are for people.
   */
  add(link: string): Promise<Root>;
  /** As `add`; resolves when all of it is here. Aborting pauses it. Rejects with a TransferError that needs the user. */
  download(link: string, options?: { signal?: AbortSignal | undefined }): Promise<{ root: Root }>;
  read(root: Root, path?: readonly string[]): Promise<Blob>;
  /** A lookup of a random place, for somebody who wants to see one. Throws a NoNetworkError. */
  exploreNetwork(): Promise<NodeLookup>;
  /** `id` as of its row: of a share, or of files that are on their way to becoming one. */
  pause(id: string): Promise<void>;
  /** Goes on with what was paused, by the user or by a problem; `anyway` also where there is less room than it needs. */
  resume(id: string, options?: { anyway?: boolean | undefined }): Promise<void>;
  /** The user knows that everything that was kept is gone. */
  dismissLost(): void;
  /** Removes a share and what is stored of it, or cancels or dismisses one that is being hashed. */
  remove(id: string): Promise<void>;
  /**
   * Links to the node of that id, in 64 hexadecimal digits, through whoever can introduce it: a server or the overlay.
   * Rejects with an UnreachableError that says why not, with a SyntaxError where it is no id, or with `signal.reason`.
   */
  connect(nodeId: string, options?: { signal?: AbortSignal | undefined }): Promise<void>;
}
