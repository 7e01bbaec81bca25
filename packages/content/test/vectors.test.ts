import { encodeTorrent } from '@tabswarm/content';
import { fromHex, toHex } from '@tabswarm/protocol/bytes';
import golden from '@tabswarm/testkit/bep52.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { comparePaths } from '../src/path.ts';
import { patternBytes, shareOf } from './share.ts';

type PerFile = Readonly<Record<string, string>>;

/** Paths in the vectors begin with the share's folder, where it has one. */
function pathInShare(path: string, infoName: string): string[] {
  const parts = path.split('/');
  return parts.length > 1 && parts[0] === infoName ? parts.slice(1) : parts;
}

/** One character a byte, so that binary can be compared and spliced as text. */
const text = (part: Uint8Array): string => String.fromCharCode(...part);

describe.each(golden.vectors)('reference vector: $name', (vector) => {
  const files = vector.files
    .map(({ path, length, seed }) => ({
      path: pathInShare(path, vector.infoName),
      data: patternBytes(length, seed),
    }))
    .toSorted((a, b) => comparePaths(a.path, b.path));
  const made = shareOf(vector.infoName, files, vector.pieceLength);

  it('[CT2] has the info dictionary and the info hash that libtorrent makes', async () => {
    const { bytes, root } = await made;
    expect(toHex(bytes)).toBe(vector.infoBencodedHex);
    expect(root).toBe(vector.infoHash);
  });

  it('[CT1] has the same tree roots and piece layers', async () => {
    const { info, layers } = await made;
    const hashes = vector.pieceHashes as PerFile;
    const counts: Readonly<Record<string, number>> = vector.pieceLayers;
    let compared = 0;
    for (const [number, file] of info.files.entries()) {
      const roots = vector.fileTreeRoots as PerFile;
      const expected = roots[file.path.join('/')];
      const root = file.piecesRoot ? toHex(file.piecesRoot) : undefined;
      if (file.length > 0) expect(root).toBe(expected);
      const layer = root === undefined ? undefined : hashes[root];
      if (root === undefined || counts[root] === undefined) continue;
      expect(layers[number]?.byteLength).toBe(counts[root] * 32);
      if (layer !== undefined) expect(toHex(layers[number] ?? new Uint8Array())).toBe(layer);
      compared += 1;
    }
    expect(compared).toBe(Object.keys(counts).length);
  });

  it('[CT17] is exported with the piece layers of its larger files', async () => {
    const { info, bytes, layers } = await made;
    const larger = new Map([...layers.entries()].filter(([i]) => (info.files[i]?.blockCount ?? 0) > 1));
    const torrent = encodeTorrent(info, bytes, larger);
    const binary = text(torrent);
    const infoStart = 'd4:info'.length;
    expect(toHex(torrent.subarray(infoStart, infoStart + bytes.byteLength))).toBe(vector.infoBencodedHex);
    const entries = Object.entries(vector.pieceHashes as PerFile)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([root, layer]) => `32:${text(fromHex(root))}${layer.length / 2}:${text(fromHex(layer))}`);
    expect(binary.slice(infoStart + bytes.byteLength)).toBe(`12:piece layersd${entries.join('')}ee`);
  });
});

it('covers single and several files, one block and many', () => {
  expect(golden.vectors.length).toBeGreaterThanOrEqual(10);
  expect(golden.vectors.some(({ files }) => files.length > 1)).toBe(true);
});
