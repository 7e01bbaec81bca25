import { decodeTorrent, encodeTorrent, MetainfoError, type Torrent } from '@tabswarm/content';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { Stores } from '@tabswarm/store';
import type { Vault } from '../vault.ts';
import { IncompleteError, OldTorrentError } from './errors.ts';
import { viewOf } from './held-share.ts';
import type { Holdings } from './holdings.ts';
import type { Intake } from './intake.ts';
import { treeOf, type Metainfo } from './metainfo.ts';

/** Public shares as other software exchanges them. */
export type Torrents = Pick<Vault, 'torrent' | 'importTorrent'>;

export interface TorrentsCollaborators {
  readonly stores: Stores;
  readonly holdings: Holdings;
  readonly intake: Intake;
}

export function createTorrents({ stores, holdings, intake }: TorrentsCollaborators): Torrents {
  const { shares } = stores;

  return {
    async torrent(root) {
      const share = holdings.find(root);
      const { metainfo } = share;
      const info = await shares.info(root);
      if (!metainfo || !info || metainfo.missing.size > 0)
        throw new IncompleteError('not all hashes of this share are known yet');
      return encodeTorrent(metainfo.info, new Uint8Array(info), layersOf(metainfo)).buffer;
    },

    async importTorrent(bytes) {
      const { root, infoBytes, layers } = await read(new Uint8Array(bytes));
      await intake.want({ root, signaling: [] });
      await intake.putInfo(root, infoBytes.buffer);
      return holdings.alone(root, async () => {
        const share = holdings.find(root);
        const chunks = [...layers].map(([file, hashes]) => ({ file, first: 0, hashes }));
        if (share.metainfo?.missing.size !== 0 && chunks.length > 0) {
          await shares.putHashes(root, chunks);
          await holdings.takeHashes(share, chunks);
        }
        return viewOf(share);
      });
    },
  };
}

async function read(bytes: Bytes): Promise<Torrent> {
  try {
    return await decodeTorrent(bytes);
  } catch (cause) {
    // A code does not survive the way out of a worker.
    if (cause instanceof MetainfoError && cause.code === 'v1-only')
      throw new OldTorrentError('a torrent of BitTorrent v1', { cause });
    throw cause;
  }
}

/** A file of one block has its hash in the info dictionary. */
function layersOf(metainfo: Metainfo): Map<number, Bytes> {
  return new Map(
    metainfo.info.files.flatMap(({ blockCount }, file) => {
      const layer = blockCount > 1 ? treeOf(metainfo, file)?.layers[0] : undefined;
      return layer ? [[file, layer] as const] : [];
    }),
  );
}
