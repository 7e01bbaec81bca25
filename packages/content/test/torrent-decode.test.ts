import {
  decodeTorrent,
  encodeInfo,
  encodeTorrent,
  MAX_TORRENT_BYTES,
  MetainfoError,
  rootOf,
  type Torrent,
} from '@tabswarm/content';
import { decodeBencode, encodeBencode, type BencodeDict } from '@tabswarm/protocol/bencode';
import { concat, fromHex, sha256, toHex, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import * as fc from 'fast-check';
import golden from '@tabswarm/testkit/bep52.json' with { type: 'json' };
import { describe, expect, it } from 'vitest';
import { flipBit, patternBytes, shareOf } from './share.ts';

type PerFile = Readonly<Record<string, string>>;

const text = (value: string): Bytes => concat(utf8(`${utf8(value).byteLength}:`), utf8(value));
const blob = (value: Bytes): Bytes => concat(utf8(`${value.byteLength}:`), value);
/** The entries as they are given, in that order. */
const dict = (...entries: readonly Bytes[]): Bytes => concat(utf8('d'), ...entries, utf8('e'));

/** As libtorrent writes it for a vector's files: its own fields, trackers, and the layers of the larger files. */
function madeElsewhere(info: Bytes, layers: PerFile): Bytes {
  const roots = Object.keys(layers).toSorted((a, b) => (a < b ? -1 : 1));
  const entries = roots.map((root) => concat(blob(fromHex(root)), blob(fromHex(layers[root] ?? ''))));
  return dict(
    concat(text('announce'), text('http://tracker.example/announce')),
    concat(text('announce-list'), utf8('ll'), text('http://tracker.example/announce'), utf8('ee')),
    concat(text('created by'), text('libtorrent')),
    concat(text('creation date'), utf8('i1700000000e')),
    concat(text('info'), info),
    concat(text('piece layers'), dict(...entries)),
    concat(text('url-list'), utf8('le')),
  );
}

async function codeOf(work: Promise<Torrent>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof MetainfoError)) throw new TypeError(`not refused as it should be: ${String(error)}`);
  return error.code;
}

const MADE = await shareOf(
  'set',
  [
    { path: ['a.bin'], data: patternBytes(300_000, 1) },
    { path: ['b', 'copy of a.bin'], data: patternBytes(300_000, 1) },
    { path: ['b', 'empty'], data: patternBytes(0, 0) },
    { path: ['c.bin'], data: patternBytes(20_000, 2) },
  ],
  64 * 1024,
);
const LAYERS = new Map([...MADE.layers.entries()].slice(0, 2));
const EXPORTED = encodeTorrent(MADE.info, MADE.bytes, LAYERS);

describe.each(golden.vectors)('a torrent file of other software: $name', (vector) => {
  const info = fromHex(vector.infoBencodedHex);
  const hashes = vector.pieceHashes as PerFile;

  it('[CT23] has the info hash that libtorrent gives it, and its piece layers', async () => {
    const torrent = await decodeTorrent(madeElsewhere(info, hashes));
    expect(torrent.root).toBe(vector.infoHash);
    expect(toHex(torrent.infoBytes)).toBe(vector.infoBencodedHex);
    expect(torrent.info.name).toBe(vector.infoName);
    const layers = [...torrent.layers].map(([number, layer]) => {
      return [toHex(torrent.info.files[number]?.piecesRoot ?? new Uint8Array()), toHex(layer)];
    });
    expect(Object.fromEntries(layers)).toEqual(hashes);
  });
});

describe('reading a torrent file', () => {
  it('[CT23] gives what was exported, files with the same content included', async () => {
    const torrent = await decodeTorrent(EXPORTED);
    expect(torrent.root).toBe(MADE.root);
    expect(torrent.info).toEqual(MADE.info);
    expect(torrent.layers).toEqual(LAYERS);
  });

  it('[CT23] does without piece layers: they are asked for', async () => {
    const torrent = await decodeTorrent(dict(concat(text('info'), MADE.bytes)));
    expect(torrent.root).toBe(MADE.root);
    expect(torrent.layers.size).toBe(0);
    // One of two: the other has to be asked for.
    const one = await decodeTorrent(encodeTorrent(MADE.info, MADE.bytes, new Map()));
    expect(one.layers.size).toBe(0);
  });

  it('[CT23] takes the v2 part of a hybrid, whose root is that of all of its info dictionary', async () => {
    const v2 = decodeBencode(MADE.bytes) as BencodeDict;
    const padded = new Map<string, number | Bytes>([['length', 1]]);
    const v1 = new Map(v2).set('files', [padded]).set('pieces', await sha256(utf8('twenty bytes each')));
    const hybrid = encodeBencode(v1);
    const torrent = await decodeTorrent(dict(concat(text('info'), hybrid)));
    expect(torrent.root).toBe(await rootOf(hybrid));
    expect(torrent.info.files).toEqual(MADE.info.files);
  });

  it('[CT24] refuses one of BitTorrent v1 as such', async () => {
    const v1 = encodeBencode(
      new Map<string, number | Bytes>([
        ['length', 5],
        ['name', utf8('old.txt')],
        ['piece length', 16_384],
        ['pieces', new Uint8Array(20)],
      ]),
    );
    expect(await codeOf(decodeTorrent(dict(concat(text('info'), v1))))).toBe('v1-only');
  });

  it('[CT24] refuses layers that do not lead to their file', async () => {
    const layer = LAYERS.get(0) as Bytes;
    for (const wrong of [flipBit(layer, 17), layer.slice(32), concat(layer, layer), new Uint8Array()]) {
      const torrent = encodeTorrent(MADE.info, MADE.bytes, new Map([[0, wrong]]));
      expect(await codeOf(decodeTorrent(torrent))).toBe('malformed');
    }
  });

  it.each<[string, Bytes, string]>([
    ['nothing', new Uint8Array(), 'malformed'],
    ['a page', utf8('<!doctype html>'), 'malformed'],
    ['a list', utf8('le'), 'malformed'],
    ['no info dictionary', dict(concat(text('announce'), text('x'))), 'malformed'],
    ['an info that is text', dict(concat(text('info'), text('x'))), 'malformed'],
    ['two of them', dict(concat(text('info'), MADE.bytes), concat(text('info'), MADE.bytes)), 'malformed'],
    [
      'a layer that is a number',
      dict(
        concat(
          text('info'),
          MADE.bytes,
          text('piece layers'),
          utf8('d32:'),
          MADE.info.files[0]?.piecesRoot ?? utf8(''),
          utf8('i1ee'),
        ),
      ),
      'malformed',
    ],
    [
      'layers that are a list',
      dict(concat(text('info'), MADE.bytes, text('piece layers'), utf8('le'))),
      'malformed',
    ],
    ['lists in one another without an end', concat(utf8('d1:a'), utf8('l'.repeat(500_000))), 'malformed'],
    ['a length of many digits', utf8(`d1:a${'9'.repeat(30)}:`), 'malformed'],
    ['more than any has', new Uint8Array(MAX_TORRENT_BYTES + 1), 'too-large'],
    ['a name that leads outside', dict(concat(text('info'), hostile())), 'unsafe-path'],
  ])('[CT24] refuses %s', async (_, bytes, code) => {
    expect(await codeOf(decodeTorrent(bytes))).toBe(code);
  });

  it('[CT24] answers any bytes with a share or a refusal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), fc.nat(), fc.nat(), async (noise, at, bit) => {
        const start = at % EXPORTED.byteLength;
        const mixed = concat(EXPORTED.subarray(0, start), noise, EXPORTED.subarray(start + noise.length));
        for (const bytes of [
          mixed,
          flipBit(EXPORTED, bit),
          EXPORTED.slice(0, start),
          new Uint8Array(noise),
        ]) {
          const read = await decodeTorrent(bytes).then(
            () => 'read',
            (error: unknown) => (error instanceof MetainfoError ? 'refused' : String(error)),
          );
          expect(['read', 'refused']).toContain(read);
        }
      }),
    );
  });
});

function hostile(): Bytes {
  const files = [{ path: ['..'], length: 0 }];
  return encodeInfo({ name: 'x', pieceLength: 16_384, sealed: false, files });
}
