import { errorText, type Log } from '@tabswarm/base';
import type { Dht, Provision } from '@tabswarm/dht';
import type { Root } from '@tabswarm/protocol/ids';
import type { Shares } from './shares.ts';

/** Tells the overlay which shares can be had here: each of which at least one block is kept. */
export interface Announcer {
  reconcile(): void;
}

export function createAnnouncer({
  shares,
  dht,
  log,
}: {
  readonly shares: Shares;
  readonly dht: Dht;
  readonly log: Log;
}): Announcer {
  const provided = new Map<Root, Provision>();

  const withdraw = (root: Root): void => {
    provided
      .get(root)
      ?.stop()
      .catch((cause: unknown) => log.info('a record was not withdrawn', { cause: errorText(cause) }));
    provided.delete(root);
  };

  return {
    reconcile() {
      for (const { view, keptBlocks, complete } of shares.all()) {
        // A share of empty files only has no block and is whole.
        if ((keptBlocks > 0 || complete) && !provided.has(view.root))
          provided.set(view.root, dht.provide(view.root));
      }
      for (const root of provided.keys()) if (!shares.get(root)) withdraw(root);
    },
  };
}
