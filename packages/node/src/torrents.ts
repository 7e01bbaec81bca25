import { errorText, type Log } from '@tabswarm/base';
import { MAX_TORRENT_BYTES, MetainfoError } from '@tabswarm/content';
import type { Node } from './api.ts';
import { problemOfTorrent } from './problems-of-torrents.ts';
import type { Room } from './room.ts';
import type { Shares } from './shares.ts';
import { TransferError } from './transfer-error.ts';
import type { Vault } from './vault.ts';

/** Public shares as `.torrent` files. Members as of `Node`. */
export type Torrents = Pick<Node, 'addTorrent' | 'torrent'>;

export interface TorrentsParts {
  readonly vault: Pick<Vault, 'importTorrent' | 'torrent'>;
  readonly shares: Pick<Shares, 'put'>;
  readonly room: Pick<Room, 'persist'>;
  readonly log: Log;
}

export function createTorrents({ vault, shares, room, log }: TorrentsParts): Torrents {
  return {
    async addTorrent(file) {
      try {
        if (file.size > MAX_TORRENT_BYTES) throw new MetainfoError('too-large', 'a file of many megabytes');
        const view = await vault.importTorrent(await file.arrayBuffer());
        shares.put(view);
        void room.persist();
        return view.root;
      } catch (cause) {
        log.warn('a torrent file was not taken', { cause: errorText(cause) });
        throw new TransferError(problemOfTorrent(cause));
      }
    },
    torrent: async (root) => new Blob([await vault.torrent(root)], { type: 'application/x-bittorrent' }),
  };
}
