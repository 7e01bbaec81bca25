import { createListeners, type Unsubscribe } from '@tabswarm/base';
import { isIdText, type Root } from '@tabswarm/protocol/ids';
import type { Database } from './database.ts';
import type { TabChannel } from './tab-channel.ts';

/** How much a file of a share is wanted: not at all, like others, or before others. */
export type FilePriority = 'skip' | 'normal' | 'first';

/** Which files of a share are fetched. */
export interface FileChoice {
  /** Of every file that is not named. */
  readonly others: FilePriority;
  /** By path, its names joined with `/`, which no name has in it. */
  readonly files: ReadonlyMap<string, FilePriority>;
}

/** What is known of a share beside its metainfo. */
export interface ShareRecord {
  readonly root: Root;
  readonly visibility: 'private' | 'public';
  /** Base64url. */
  readonly key?: string | undefined;
  readonly name?: string | undefined;
  readonly origin: 'shared' | 'downloaded';
  /** Milliseconds since the Unix epoch. */
  readonly addedAt: number;
  readonly paused: boolean;
  readonly signaling: readonly string[];
  /** Absent where all files are wanted alike. */
  readonly choice?: FileChoice | undefined;
}

/** Block hashes of file number `file`, 32 bytes each, from its block number `first` on. */
export interface HashChunk {
  readonly file: number;
  readonly first: number;
  readonly hashes: Uint8Array<ArrayBuffer>;
}

/** `hashes` brings what was added, since a share may have thousands of chunks and reading all for each would not do. */
export type ShareChange = ShareNews & {
  /** Whether it was done through this store, or in another tab. */
  readonly where: 'here' | 'elsewhere';
};

type ShareNews =
  | { readonly type: 'changed' | 'removed'; readonly root: Root }
  | { readonly type: 'hashes'; readonly root: Root; readonly chunks: readonly HashChunk[] };

/**
 * Keeps shares: the record that lists a share, and its metainfo. Metainfo of a share that is not listed is only on its
 * way in or out: it is written before the record and removed after it.
 */
export interface ShareStore {
  list(): Promise<ShareRecord[]>;
  get(root: Root): Promise<ShareRecord | undefined>;
  /**
   * Changes a record as one step, whatever other tabs do; `change` gets undefined for a share that is not listed, and
   * nothing is written where it returns undefined. Answers what `change` returned.
   */
  update(
    root: Root,
    change: (record: ShareRecord | undefined) => ShareRecord | undefined,
  ): Promise<ShareRecord | undefined>;
  /** Forgets record and metainfo. */
  remove(root: Root): Promise<void>;
  /** Forgets metainfo of shares that are not listed. Not while a share is being made, whose metainfo comes first. */
  removeUnlisted(): Promise<void>;
  info(root: Root): Promise<ArrayBuffer | undefined>;
  putInfo(root: Root, info: ArrayBuffer): Promise<void>;
  /** Every chunk that was put, in no particular order. */
  hashes(root: Root): Promise<HashChunk[]>;
  /** Adds to what is there; chunks put together are read faster. */
  putHashes(root: Root, chunks: readonly HashChunk[]): Promise<void>;
  onChange(listener: (change: ShareChange) => void): Unsubscribe;
  /** Tells and hears no more. */
  close(): void;
}

/** What stands behind a key of the database: the kind of value is in the key. */
export type StoredShare = ShareRecord | ArrayBuffer | readonly HashChunk[];

export interface ShareStoreCollaborators {
  /** Holds nothing else. */
  readonly database: Database<StoredShare>;
  readonly tabs: TabChannel;
}

const RECORD = 'record:';
const recordKey = (root: Root): string => `${RECORD}${root}`;
const INFO = 'info:';
const infoKey = (root: Root): string => `${INFO}${root}`;
const HASHES = 'hashes:';
const hashesKey = (root: Root): string => `${HASHES}${root}:`;

export function createShareStore({ database, tabs }: ShareStoreCollaborators): ShareStore {
  const changes = createListeners<ShareChange>();
  const stopListening = tabs.onMessage((message) => {
    if (isShareNews(message)) changes.emit({ ...message, where: 'elsewhere' });
  });

  const announce = (news: ShareNews): void => {
    tabs.post(news);
    changes.emit({ ...news, where: 'here' });
  };

  return {
    list: () => database.values(RECORD) as Promise<ShareRecord[]>,
    get: (root) => database.get(recordKey(root)) as Promise<ShareRecord | undefined>,

    async update(root, change) {
      const next = await database.update(recordKey(root), (value) =>
        change(value as ShareRecord | undefined),
      );
      if (next) announce({ type: 'changed', root });
      return next as ShareRecord | undefined;
    },

    async remove(root) {
      // The record goes first: what is left behind by a tab that is closed in between is then nobody's.
      await database.deleteMany([recordKey(root)]);
      announce({ type: 'removed', root });
      await database.deleteMany([infoKey(root), ...(await database.keys(hashesKey(root)))]);
    },

    async removeUnlisted() {
      // The records are read last: a share that is wanted meanwhile is recorded before its metainfo.
      const keys = [...(await database.keys(INFO)), ...(await database.keys(HASHES))];
      const records = new Set(await database.keys(RECORD));
      const unlisted = keys.filter((key) => !records.has(recordKey(key.split(':')[1] as Root)));
      if (unlisted.length > 0) await database.deleteMany(unlisted);
    },

    info: (root) => database.get(infoKey(root)) as Promise<ArrayBuffer | undefined>,

    async putInfo(root, info) {
      await database.setMany([[infoKey(root), info]]);
      announce({ type: 'changed', root });
    },

    async hashes(root) {
      const puts = (await database.values(hashesKey(root))) as (readonly HashChunk[])[];
      return puts.flat();
    },

    async putHashes(root, chunks) {
      const [first] = chunks;
      if (!first) return;
      await database.setMany([[`${hashesKey(root)}${first.file}:${first.first}`, chunks]]);
      announce({ type: 'hashes', root, chunks });
    },

    onChange: (listener) => changes.subscribe(listener),

    close() {
      stopListening();
      tabs.close();
    },
  };
}

/** The other tab may run another version of this page. */
function isShareNews(message: unknown): message is ShareNews {
  if (typeof message !== 'object' || message === null) return false;
  const { type, root, chunks } = message as { type?: unknown; root?: unknown; chunks?: unknown };
  if (typeof root !== 'string' || !isIdText(root)) return false;
  if (type === 'hashes') return Array.isArray(chunks) && chunks.every(isHashChunk);
  return type === 'changed' || type === 'removed';
}

function isHashChunk(chunk: unknown): boolean {
  if (typeof chunk !== 'object' || chunk === null) return false;
  const { file, first, hashes } = chunk as Partial<HashChunk>;
  return Number.isSafeInteger(file) && Number.isSafeInteger(first) && hashes instanceof Uint8Array;
}
