import { toHex, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import type { Root } from '@tabswarm/protocol/ids';
import { scanDict, type Span } from './bencode-scan.ts';
import { CorruptError, MetainfoError } from './error.ts';
import { buildFileTree } from './hash-range.ts';
import { MAX_BLOCKS, MAX_INFO_BYTES, parseInfo } from './info-decode.ts';
import { rootOf, type Info } from './info.ts';
import { HASH_BYTES } from './sha256-pair.ts';

/** An info dictionary, all block hashes, and as much again for what we pass over, such as trackers. */
export const MAX_TORRENT_BYTES = 2 * (MAX_INFO_BYTES + MAX_BLOCKS * HASH_BYTES);

/** Keys as the scan gives them: those of the layers are hashes, so none of them is read as text. */
const INFO = toHex(utf8('info'));
const PIECE_LAYERS = toHex(utf8('piece layers'));

/** What a `.torrent` file says of a share. */
export interface Torrent {
  readonly root: Root;
  readonly info: Info;
  readonly infoBytes: Bytes;
  /** Block hashes by file number, proved by the file's root. A file whose layer is left out has to be asked for. */
  readonly layers: ReadonlyMap<number, Bytes>;
}

/**
 * Reads a `.torrent` file (BEP 52) of any maker, a hybrid one for its v2 part. Throws a MetainfoError: `v1-only` where it
 * has no such part.
 */
export async function decodeTorrent(bytes: Bytes): Promise<Torrent> {
  if (bytes.byteLength > MAX_TORRENT_BYTES)
    throw new MetainfoError('too-large', `a torrent file of ${bytes.byteLength} bytes`);
  const fields = scanDict(bytes, 0);
  const infoAt = fields.get(INFO);
  if (!infoAt) throw new MetainfoError('malformed', 'a torrent file without an info dictionary');
  const infoBytes = bytes.slice(infoAt.start, infoAt.end);
  const info = parseInfo(infoBytes);
  const layersAt = fields.get(PIECE_LAYERS);
  const layers = layersAt ? readLayers(bytes, layersAt, info) : new Map<number, Bytes>();
  return { root: await rootOf(infoBytes), info, infoBytes, layers };
}

function readLayers(bytes: Bytes, at: Span, info: Info): Map<number, Bytes> {
  const byRoot = scanDict(bytes, at.start);
  const layers = new Map<number, Bytes>();
  for (const [number, { blockCount, piecesRoot }] of info.files.entries()) {
    const value = piecesRoot && blockCount > 1 ? byRoot.get(toHex(piecesRoot)) : undefined;
    if (!value) continue;
    const { text } = value;
    if (!text) throw new MetainfoError('malformed', 'a piece layer that is no text');
    const layer = bytes.slice(text.start, text.end);
    checkLayer(info, number, layer);
    layers.set(number, layer);
  }
  return layers;
}

function checkLayer(info: Info, number: number, layer: Bytes): void {
  try {
    buildFileTree(info, number, layer);
  } catch (cause) {
    if (!(cause instanceof CorruptError)) throw cause;
    throw new MetainfoError('malformed', 'a piece layer that does not lead to its file', { cause });
  }
}
