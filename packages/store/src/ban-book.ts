import type { NodeId } from '@tabswarm/protocol/ids';
import type { Database } from './database.ts';
import { createIndexedDatabase } from './indexed-database.ts';

/** A node that no tab of this browser takes blocks from until then, in milliseconds since the Unix epoch. */
export interface BannedNode {
  readonly node: NodeId;
  readonly until: number;
}

/** Who sent damaged blocks: what a tab knows of that after it was loaded anew. */
export interface BanBook {
  all(): Promise<readonly BannedNode[]>;
  /** Changes the book in one step, whatever other tabs do. */
  update(change: (bans: readonly BannedNode[]) => readonly BannedNode[]): Promise<void>;
}

const KEY = 'bans';

function createBanBook(database: Database<readonly BannedNode[]>): BanBook {
  return {
    all: async () => (await database.get(KEY)) ?? [],
    async update(change) {
      await database.update(KEY, (bans) => change(bans ?? []));
    },
  };
}

/** The one of this browser, in IndexedDB. */
export function openBanBook({ name = 'tabswarm-bans' }: { readonly name?: string } = {}): BanBook {
  return createBanBook(createIndexedDatabase(name));
}
