import { encodeBencode, type Bencode } from '@tabswarm/protocol/bencode';
import { sha256, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import { idFromBytes, type Root } from '@tabswarm/protocol/ids';
import { MetainfoError } from './error.ts';
import type { FileLayout } from './layout.ts';

/*
 * The info dictionary of BEP 52: names, lengths and one tree root per file. Its SHA-256 is the share's root, so whoever
 * has the root can check the dictionary, with the dictionary the block hashes, and with those every block.
 */

/** A file as the dictionary names it. */
export interface InfoFile {
  /** Its place in the file tree. */
  readonly path: readonly string[];
  readonly length: number;
  /** Root of its hash tree; an empty file has none. */
  readonly piecesRoot?: Bytes | undefined;
}

export interface InfoContent {
  readonly name: string;
  readonly pieceLength: number;
  /** Encrypted, names included; file 0 is the manifest that holds them. */
  readonly sealed: boolean;
  readonly files: readonly InfoFile[];
}

/** A decoded info dictionary, with its blocks laid out. */
export interface Info extends InfoContent {
  readonly files: readonly (InfoFile & FileLayout)[];
  readonly blockCount: number;
  readonly totalBytes: number;
}

export const META_VERSION = 2;
/** Our one key beside BEP 52's: the format of a sealed share. A public share does not have it. */
export const SEALED_KEY = 'x.sealed';
export const SEALED_VERSION = 1;

type Tree = Map<string, Bencode>;

/** The dictionary's bytes, the only encoding of it. Throws a MetainfoError for two files at one place. */
export function encodeInfo(content: InfoContent): Bytes {
  const info: Tree = new Map();
  info.set('file tree', fileTree(content.files));
  info.set('meta version', META_VERSION);
  info.set('name', utf8(content.name));
  info.set('piece length', content.pieceLength);
  if (content.sealed) info.set(SEALED_KEY, SEALED_VERSION);
  return encodeBencode(info);
}

/** The v2 info hash. */
export async function rootOf(info: Bytes): Promise<Root> {
  return idFromBytes(await sha256(info));
}

function fileTree(files: readonly InfoFile[]): Tree {
  const top: Tree = new Map();
  for (const file of files) {
    let folder = top;
    for (const name of file.path.slice(0, -1)) folder = subfolder(folder, name);
    const name = file.path.at(-1);
    if (name === undefined) throw new MetainfoError('malformed', 'a file without a name');
    if (folder.has(name)) throw duplicate();
    folder.set(name, new Map([['', leaf(file)]]));
  }
  return top;
}

function subfolder(folder: Tree, name: string): Tree {
  const existing = folder.get(name) as Tree | undefined;
  if (existing?.has('')) throw duplicate();
  if (existing) return existing;
  const made: Tree = new Map();
  folder.set(name, made);
  return made;
}

function leaf(file: InfoFile): Tree {
  const out: Tree = new Map([['length', file.length]]);
  if (file.piecesRoot) out.set('pieces root', file.piecesRoot);
  return out;
}

function duplicate(): MetainfoError {
  return new MetainfoError('duplicate-path', 'two files have the same path');
}
