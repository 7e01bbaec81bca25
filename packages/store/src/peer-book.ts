import type { NodeId } from '@tabswarm/protocol/ids';
import type { Database } from './database.ts';
import { createIndexedDatabase } from './indexed-database.ts';

/** A tab that one of this browser's tabs was linked to. */
export interface RememberedPeer {
  readonly id: NodeId;
  /** The longest that a link to it has lasted, in milliseconds. */
  readonly linkedMs: number;
  /** When it was last seen linked, in milliseconds since the Unix epoch. */
  readonly seenAt: number;
}

/** Whom to look for after a start: what a tab knows of the network when no server says anything. */
export interface PeerBook {
  all(): Promise<readonly RememberedPeer[]>;
  /** Changes the book in one step, whatever other tabs do. */
  update(change: (peers: readonly RememberedPeer[]) => readonly RememberedPeer[]): Promise<void>;
}

/** It is one value: a page of a book. */
const KEY = 'peers';

export function createPeerBook(database: Database<readonly RememberedPeer[]>): PeerBook {
  return {
    all: async () => (await database.get(KEY)) ?? [],
    async update(change) {
      await database.update(KEY, (peers) => change(peers ?? []));
    },
  };
}

/** The one of this browser, in IndexedDB. */
export function openPeerBook({ name = 'tabswarm-peers' }: { readonly name?: string } = {}): PeerBook {
  return createPeerBook(createIndexedDatabase(name));
}
