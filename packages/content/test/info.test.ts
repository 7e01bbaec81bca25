import {
  CorruptError,
  decodeInfo,
  encodeInfo,
  MAX_FILES,
  MAX_INFO_BYTES,
  MetainfoError,
  parseInfo,
  rootOf,
  type MetainfoErrorCode,
} from '@tabswarm/content';
import { encodeBencode, type Bencode } from '@tabswarm/protocol/bencode';
import { fromHex, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import { idFromBytes, type Root } from '@tabswarm/protocol/ids';
import { swarmMessage } from '@tabswarm/protocol/swarm';
import { createSeededRandom } from '@tabswarm/testkit';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import golden from '@tabswarm/testkit/bep52.json' with { type: 'json' };
import { MAX_BLOCKS } from '../src/info-decode.ts';
import { flipBit } from './share.ts';

const PIECES_ROOT = createSeededRandom(1).bytes(32);
const file = (length = 5): Bencode => {
  const fields = new Map<string, Bencode>([
    ['length', length],
    ['pieces root', PIECES_ROOT],
  ]);
  return new Map([['', fields]]);
};
const empty: Bencode = new Map([['', new Map([['length', 0]])]]);

/** A dictionary that is good but for what is changed. */
function infoWith(changes: Readonly<Record<string, Bencode | undefined>> = {}): Bytes {
  const fields: Record<string, Bencode | undefined> = {
    'file tree': new Map([['a', file()]]),
    'meta version': 2,
    name: utf8('a'),
    'piece length': 262_144,
    ...changes,
  };
  const entries = Object.entries(fields).filter(
    (entry): entry is [string, Bencode] => entry[1] !== undefined,
  );
  return encodeBencode(new Map(entries));
}

function tree(...entries: readonly (readonly [string, Bencode])[]): Record<string, Bencode> {
  return { 'file tree': new Map(entries) };
}

function codeOf(bytes: Bytes): MetainfoErrorCode | 'taken' {
  try {
    parseInfo(bytes);
    return 'taken';
  } catch (error) {
    if (error instanceof MetainfoError) return error.code;
    throw error;
  }
}

const withFiles = (count: number): Bytes =>
  infoWith(tree(...Array.from({ length: count }, (_, i) => [`f${i}`, empty] as const)));
const withBlocks = (count: number): Bytes =>
  infoWith({ ...tree(['a', file(count * 16_384)]), 'piece length': 16_384 });
const nested = (depth: number): Bytes => {
  let node: Bencode = file();
  for (let i = 1; i < depth; i += 1) node = new Map([['d', node]]);
  return infoWith(tree(['d', node]));
};
const encodePaths = (...paths: string[][]): unknown =>
  encodeInfo({
    name: 'n',
    pieceLength: 262_144,
    sealed: false,
    files: paths.map((path) => ({ path, length: 0 })),
  });

describe('an info dictionary', () => {
  it('[CT2] gives back what it was made of', () => {
    for (const { infoBencodedHex } of golden.vectors) {
      const bytes = fromHex(infoBencodedHex);
      expect(encodeInfo(parseInfo(bytes))).toEqual(bytes);
    }
  });

  it('[CT2] may have keys that are not known here', () => {
    expect(codeOf(infoWith({ private: 1, source: utf8('elsewhere') }))).toBe('taken');
  });

  it('[CT2] must hash to the root, and says so before anything else is looked at', async () => {
    const bytes = infoWith();
    const root = await rootOf(bytes);
    expect((await decodeInfo(bytes, root)).files).toHaveLength(1);
    await expect(decodeInfo(utf8('not even bencoded'), root)).rejects.toBeInstanceOf(CorruptError);
    const bits = fc.nat({ max: bytes.byteLength * 8 - 1 });
    await fc.assert(
      fc.asyncProperty(bits, async (bit) => {
        await expect(decodeInfo(flipBit(bytes, bit), root)).rejects.toBeInstanceOf(CorruptError);
      }),
    );
  });

  it.each<[string, MetainfoErrorCode, Readonly<Record<string, Bencode | undefined>>]>([
    ['of version 1', 'malformed', { 'meta version': 1 }],
    ['without a version', 'malformed', { 'meta version': undefined }],
    ['without a name', 'malformed', { name: undefined }],
    ['with a name that is not UTF-8', 'malformed', { name: Uint8Array.of(0xff) }],
    ['without a piece length', 'malformed', { 'piece length': undefined }],
    ['with a piece length that is no power of two', 'malformed', { 'piece length': 300_000 }],
    ['with pieces of 8 KiB', 'malformed', { 'piece length': 8192 }],
    ['with pieces of 128 MiB', 'malformed', { 'piece length': 2 ** 27 }],
    ['without a file tree', 'malformed', { 'file tree': undefined }],
    ['with a list for a file tree', 'malformed', { 'file tree': [] }],
    ['without files', 'malformed', tree()],
    ['with an empty folder', 'malformed', tree(['a', file()], ['b', new Map()])],
    ['with a file that is no dictionary', 'malformed', tree(['a', 1])],
    ['with a file without a length', 'malformed', tree(['a', new Map([['', new Map()]])])],
    ['with a negative length', 'malformed', tree(['a', file(-1)])],
    ['with an empty file that has a tree', 'malformed', tree(['a', file(0)])],
    ['with a file that has no tree', 'malformed', tree(['a', new Map([['', new Map([['length', 5]])]])])],
  ])('[CT5] %s is refused as %s', (_, code, changes) => {
    expect(codeOf(infoWith(changes))).toBe(code);
  });

  it('[CT5] is one bencoded value and nothing after it', () => {
    expect(codeOf(new Uint8Array([...infoWith(), 0x65]))).toBe('malformed');
    expect(codeOf(infoWith().slice(0, -1))).toBe('malformed');
  });

  it('[CT5] has at most 8 MiB, 50,000 files, 122,880 blocks and 32 folders in one another', () => {
    expect(codeOf(new Uint8Array(MAX_INFO_BYTES + 1))).toBe('too-large');
    expect(codeOf(withFiles(MAX_FILES))).toBe('taken');
    expect(codeOf(withFiles(MAX_FILES + 1))).toBe('too-large');

    expect(codeOf(withBlocks(MAX_BLOCKS))).toBe('taken');
    expect(codeOf(withBlocks(MAX_BLOCKS + 1))).toBe('too-large');

    expect(codeOf(nested(32))).toBe('taken');
    expect(codeOf(nested(33))).toBe('too-large');
    expect(codeOf(nested(2000))).toBe('too-large');
  });

  it('[CT5] has no more blocks than a bitfield of the exchange tells of', () => {
    const join = {
      type: 'join',
      version: 1,
      root: idFromBytes<Root>(PIECES_ROOT),
      whole: false,
      info: true,
      answer: false,
    } as const;
    const joinWith = (have: Bytes): Bytes => swarmMessage.encode({ ...join, have });
    const most = swarmMessage.decode(joinWith(new Uint8Array(MAX_BLOCKS / 8)));
    expect(most).toMatchObject({ type: 'join' });
    expect(() => swarmMessage.decode(joinWith(new Uint8Array(MAX_BLOCKS / 8 + 1)))).toThrow(ProtocolError);
  });

  it.each([
    '',
    '.',
    '..',
    'a/b',
    '/a',
    'a\\b',
    'a\0b',
    'a\nb',
    '\u007f',
    'a\u202egpj.exe',
    'a\u2066b',
    'x'.repeat(256),
  ])('[CT6] with the name %j is refused, as share, folder and file', (name) => {
    expect(codeOf(infoWith({ name: utf8(name) }))).toBe('unsafe-path');
    expect(codeOf(infoWith(tree([name, file()])))).toBe('unsafe-path');
    const folder = new Map([
      ['first', file()],
      [name, file()],
    ]);
    // Inside a folder the empty key is what makes a file, so there is no telling it from a bad name.
    expect(codeOf(infoWith(tree(['k', folder])))).toBe(name === '' ? 'duplicate-path' : 'unsafe-path');
  });

  it.each(['a', '...', 'a b', '.hidden', 'résumé ✨ مرحبا.txt', 'نام‌فایل', 'x'.repeat(255)])(
    '[CT6] with the name %j is taken',
    (name) => {
      expect(codeOf(infoWith({ name: utf8(name), ...tree([name, file()]) }))).toBe('taken');
    },
  );

  it('[CT7] has one thing at each path', () => {
    const both = new Map([...(file() as ReadonlyMap<string, Bencode>), ['b', file()]]);
    expect(codeOf(infoWith(tree(['a', both])))).toBe('duplicate-path');
    for (const paths of [
      [['a'], ['a']],
      [['a'], ['a', 'b']],
      [['a', 'b'], ['a']],
    ]) {
      expect(() => encodePaths(...paths)).toThrow(MetainfoError);
    }
  });

  it('[CT12] that is sealed names nothing', () => {
    const sealed = (changes: Readonly<Record<string, Bencode>> = {}): Bytes =>
      infoWith({
        name: utf8('sealed'),
        ...tree(['00000000', file()], ['00000001', empty]),
        'x.sealed': 1,
        ...changes,
      });
    expect(parseInfo(sealed()).sealed).toBe(true);
    expect(encodeInfo(parseInfo(sealed()))).toEqual(sealed());
    expect(codeOf(sealed({ name: utf8('holiday') }))).toBe('malformed');
    expect(codeOf(sealed(tree(['00000000', file()], ['00000002', file()])))).toBe('malformed');
    expect(codeOf(sealed(tree(['00000000', file()], ['holiday', file()])))).toBe('malformed');
    expect(codeOf(sealed(tree(['00000000', empty])))).toBe('malformed');
    expect(codeOf(sealed({ 'x.sealed': 0 }))).toBe('malformed');
    expect(codeOf(sealed({ 'x.sealed': 2 }))).toBe('too-new');
    expect(parseInfo(infoWith()).sealed).toBe(false);
  });

  it('[CT16] of any bytes at all is taken or refused with a MetainfoError', () => {
    const samples = golden.vectors.map(({ infoBencodedHex }) => fromHex(infoBencodedHex));
    const mutated = fc
      .tuple(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }),
      )
      .map(([sample, changes]) => {
        const out = sample.slice();
        for (const [at, byte] of changes) out[at % out.byteLength] = byte;
        return out;
      });
    const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes));
    fc.assert(
      fc.property(fc.oneof(random, mutated), (bytes) => {
        // Throws, and so fails, for any error of another kind.
        codeOf(bytes);
      }),
      { numRuns: 5000 },
    );
  });

  it('[CT16] whose root is not its hash is refused with a CorruptError', async () => {
    const root = idFromBytes<Root>(new Uint8Array(32));
    const bytes = fc.uint8Array({ maxLength: 64 }).map((raw) => new Uint8Array(raw));
    await fc.assert(
      fc.asyncProperty(bytes, async (raw) => {
        await expect(decodeInfo(raw, root)).rejects.toBeInstanceOf(CorruptError);
      }),
    );
  });
});
