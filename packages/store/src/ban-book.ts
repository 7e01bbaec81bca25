import { createListeners, type Unsubscribe } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Database } from './database.ts';
import { createIndexedDatabase } from './indexed-database.ts';
import { openTabChannel, type TabChannel } from './tab-channel.ts';

/** A node that no tab of this browser takes blocks from until then, in milliseconds since the Unix epoch. */
export interface BannedNode {
  readonly node: NodeId;
  readonly until: number;
}

/** Who sent damaged blocks: what the tabs of a browser tell one another of that, and a tab knows after it was loaded anew. */
export interface BanBook {
  all(): Promise<readonly BannedNode[]>;
  /** Changes the book in one step, whatever other tabs do, and tells them when it is on disk. */
  update(change: (bans: readonly BannedNode[]) => readonly BannedNode[]): Promise<void>;
  /** Another tab has changed the book: `all` answers what is in it now. */
  onChange(listener: () => void): Unsubscribe;
  /** Tells and hears no more. */
  close(): void;
}

export interface BanBookCollaborators {
  /** Holds nothing else. */
  readonly database: Database<readonly BannedNode[]>;
  readonly tabs: TabChannel;
}

const KEY = 'bans';
/** Without what was changed, which is on disk: so no tab has to believe what another version of this page says. */
const CHANGED = 'changed';

export function createBanBook({ database, tabs }: BanBookCollaborators): BanBook {
  const changes = createListeners<void>();
  const stopListening = tabs.onMessage((message) => {
    if (message === CHANGED) changes.emit();
  });
  return {
    all: async () => (await database.get(KEY)) ?? [],
    async update(change) {
      await database.update(KEY, (bans) => change(bans ?? []));
      tabs.post(CHANGED);
    },
    onChange: (listener) => changes.subscribe(listener),
    close() {
      stopListening();
      tabs.close();
    },
  };
}

/** The one of this browser, in IndexedDB. */
export function openBanBook({ name = 'tabswarm-bans' }: { readonly name?: string } = {}): BanBook {
  return createBanBook({ database: createIndexedDatabase(name), tabs: openTabChannel(name) });
}
