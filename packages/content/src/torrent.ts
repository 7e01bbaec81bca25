import { encodeBencode } from '@tabswarm/protocol/bencode';
import { compareBytes, join, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import type { Info } from './info.ts';

/**
 * A `.torrent` file (BEP 52) that other software takes: the info dictionary as it is, and the block hashes of every file
 * of more than one block. `layers` has them by file number.
 */
export function encodeTorrent(info: Info, infoBytes: Bytes, layers: ReadonlyMap<number, Bytes>): Bytes {
  const entries = new Map<string, readonly [root: Bytes, layer: Bytes]>();
  for (const [number, layer] of layers) {
    const root = info.files[number]?.piecesRoot;
    // Keyed by the root: files with the same content have one entry between them.
    if (root) entries.set(root.join(), [root, layer]);
  }
  const sorted = [...entries.values()].toSorted(([a], [b]) => compareBytes(a, b));
  // Written by hand, because the keys of this dictionary are hashes and not text.
  return join([
    utf8('d4:info'),
    infoBytes,
    utf8('12:piece layersd'),
    ...sorted.flatMap(([root, layer]) => [encodeBencode(root), encodeBencode(layer)]),
    utf8('ee'),
  ]);
}
