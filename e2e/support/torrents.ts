import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestFile } from './files.ts';

/** What libtorrent made of files that follow a rule: see the file itself. */
export interface Vector {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly length: number; readonly seed: number }[];
  readonly infoHash: string;
  readonly infoBencodedHex: string;
  /** Piece layers by the root of their file, all in hexadecimal. */
  readonly pieceHashes: Readonly<Record<string, string>>;
}

const FIXTURE = join(import.meta.dirname, '..', '..', 'packages', 'testkit', 'fixtures', 'bep52.json');

export function vectorNamed(name: string): Vector {
  const { vectors } = JSON.parse(readFileSync(FIXTURE, 'utf8')) as { vectors: readonly Vector[] };
  const found = vectors.find((vector) => vector.name === name);
  if (!found) throw new Error(`there is no vector "${name}"`);
  return found;
}

/** The files that a vector was made from, by the rule that stands in its file. */
export function filesOf({ files }: Vector): TestFile[] {
  return files.map(({ path, length, seed }) => {
    const buffer = Buffer.alloc(length);
    for (let i = 0; i < length; i += 1) buffer[i] = (i * 7 + (i >> 8) * 13 + (i >> 16) * 17 + seed) & 255;
    const sha256 = createHash('sha256').update(buffer).digest('hex');
    return { name: path, mimeType: 'application/octet-stream', buffer, sha256 };
  });
}

/** The `.torrent` file, with trackers and what else its makers put in. */
export function torrentOf({ name, infoBencodedHex, pieceHashes }: Vector): TestFile {
  const layers = Object.entries(pieceHashes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([root, hashes]) => `32:${latin1(root)}${hashes.length / 2}:${latin1(hashes)}`);
  return torrentFile(name, `${latin1(infoBencodedHex)}12:piece layersd${layers.join('')}e`);
}

/** A torrent file around an info dictionary; one character is one byte. */
export function torrentFile(name: string, infoAndMore: string): TestFile {
  const announce = 'http://tracker.example/announce';
  const buffer = Buffer.from(
    `d8:announce${announce.length}:${announce}10:created by10:libtorrent4:info${infoAndMore}e`,
    'latin1',
  );
  return { name: `${name}.torrent`, mimeType: 'application/x-bittorrent', buffer, sha256: '' };
}

/** The v2 info hash that other software computes of a torrent file that begins with its info dictionary. */
export function infoHashOf(torrent: Buffer, infoLength: number): string {
  const start = 'd4:info'.length;
  return createHash('sha256')
    .update(torrent.subarray(start, start + infoLength))
    .digest('hex');
}

function latin1(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1');
}
