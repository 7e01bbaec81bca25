import { decodeTorrent, encodeTorrent, MetainfoError, type Torrent } from '@tabswarm/content';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { Root } from '@tabswarm/protocol/ids';
import type { Stores } from '@tabswarm/store';
import type { SourceFile, Vault } from '../vault.ts';
import { IncompleteError, OldTorrentError } from './errors.ts';
import { isPrivate, viewOf } from './held-share.ts';
import type { Holdings } from './holdings.ts';
import type { Intake } from './intake.ts';
import { matchFiles } from './match-files.ts';
import { treeOf, type Metainfo } from './metainfo.ts';
import { createPipeline } from './pipeline.ts';

/** Reading a file costs a trip to another process; see `add-share.ts`. */
const READ_BYTES = 2 * 1024 * 1024;
/** What may be read and not yet stored. */
const IN_FLIGHT_BYTES = 8 * 1024 * 1024;
const MAX_IN_FLIGHT_READS = 64;

/** Public shares as other software exchanges them, and files that are here already and need not be fetched. */
export type Torrents = Pick<Vault, 'torrent' | 'importTorrent' | 'supply'>;

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

    async supply(root, files) {
      const share = holdings.find(root);
      const { metainfo } = share;
      if (!metainfo || isPrivate(share)) return 0;
      const given = files.map(({ path, file }) => ({ path, length: file.size }));
      let taken = 0;
      for (const [number, at] of matchFiles(metainfo.info.files, given)) {
        const source = files[at];
        if (source) taken += await supplyFile(intake, root, metainfo, number, source);
      }
      return taken;
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

/** Answers how many bytes of the file turned out to be the share's. One that differs is not read to its end. */
async function supplyFile(
  intake: Intake,
  root: Root,
  { info, ids }: Metainfo,
  number: number,
  { file: source }: SourceFile,
): Promise<number> {
  const { firstBlock, length } = info.files[number] ?? { firstBlock: 0, length: 0 };
  const readLength = Math.max(READ_BYTES, info.pieceLength);
  const pipeline = createPipeline({ room: IN_FLIGHT_BYTES, maxCount: MAX_IN_FLIGHT_READS });
  let taken = 0;
  let differs = false;
  const take = async (offset: number, bytes: ArrayBuffer): Promise<void> => {
    const index = firstBlock + offset / info.pieceLength;
    const { byteLength } = bytes;
    const verdict = ids[index] === undefined ? 'corrupt' : await intake.put(root, index, bytes);
    if (verdict === 'kept') taken += byteLength;
    else differs = true;
  };
  try {
    for (let start = 0; start < length && !differs; start += readLength) {
      const end = Math.min(start + readLength, length);
      await pipeline.push(end - start, async () => {
        const bytes = await source.slice(start, end).arrayBuffer();
        if (bytes.byteLength !== end - start)
          throw new DOMException('the file changed while it was being read', 'NotReadableError');
        for (let at = 0; at < bytes.byteLength && !differs; at += info.pieceLength)
          await take(start + at, bytes.slice(at, at + info.pieceLength));
      });
    }
  } finally {
    await pipeline.drain();
  }
  return taken;
}
