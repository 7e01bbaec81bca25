import { decodeBencode, isDict, type Bencode, type BencodeDict } from '@tabswarm/protocol/bencode';
import { fromUtf8, type Bytes } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { Root } from '@tabswarm/protocol/ids';
import { CorruptError, MetainfoError } from './error.ts';
import { META_VERSION, rootOf, SEALED_KEY, SEALED_VERSION, type Info, type InfoFile } from './info.ts';
import { isPieceLength, layOut } from './layout.ts';
import { isSafeName, MAX_PATH_DEPTH } from './path.ts';
import { opaqueName, SEALED_NAME } from './sealed-name.ts';
import { HASH_BYTES } from './sha256-pair.ts';

/** About 80,000 files with short names. */
export const MAX_INFO_BYTES = 8 * 1024 * 1024;
export const MAX_FILES = 50_000;
/** Whoever joins an exchange tells in one message of at most 15 KiB of bits which blocks are there. Hashes of 3.75 MiB. */
export const MAX_BLOCKS = 15 * 1024 * 8;
/** A file is a dictionary in a dictionary with two values. Folders and unknown keys have the rest. */
const MAX_ITEMS = 8 * MAX_FILES;
/** The dictionary itself and the two around a file's fields. */
const MAX_NESTING = MAX_PATH_DEPTH + 4;

/**
 * The info dictionary behind a root. Throws a CorruptError where the bytes do not hash to the root, and a MetainfoError
 * where they do but are not a dictionary that we take.
 */
export async function decodeInfo(bytes: Bytes, root: Root): Promise<Info> {
  if (bytes.byteLength > MAX_INFO_BYTES) throw tooLarge(`an info dictionary of ${bytes.byteLength} bytes`);
  if ((await rootOf(bytes)) !== root) throw new CorruptError('the info dictionary does not hash to the root');
  return parseInfo(bytes);
}

/** As `decodeInfo`, for bytes whose hash is known to be right. */
export function parseInfo(bytes: Bytes): Info {
  if (bytes.byteLength > MAX_INFO_BYTES) throw tooLarge(`an info dictionary of ${bytes.byteLength} bytes`);
  const info = asDict(decode(bytes));
  const version = info.get('meta version');
  if (version !== META_VERSION) {
    if (info.has('pieces')) throw new MetainfoError('v1-only', 'a BitTorrent v1 share');
    throw malformed('not a BitTorrent v2 share');
  }
  const pieceLength = info.get('piece length');
  if (typeof pieceLength !== 'number' || !isPieceLength(pieceLength)) throw malformed('a bad piece length');
  const name = asText(info.get('name'));
  if (!isSafeName(name)) throw unsafe('the share');
  const files: InfoFile[] = [];
  collect(asDict(info.get('file tree')), [], files);
  if (files.length === 0) throw malformed('no files');
  const sealed = isSealed(info);
  if (sealed) checkSealed(name, files);
  return { name, pieceLength, sealed, ...withLayout(files, pieceLength) };
}

function withLayout(
  files: readonly InfoFile[],
  pieceLength: number,
): Pick<Info, 'files' | 'blockCount' | 'totalBytes'> {
  const lengths = files.map(({ length }) => length);
  const layouts = layOut(lengths, pieceLength);
  const last = layouts.at(-1);
  const blockCount = last ? last.firstBlock + last.blockCount : 0;
  if (blockCount > MAX_BLOCKS) throw tooLarge(`a share of ${blockCount} blocks`);
  return {
    files: files.map((file, i) => Object.assign({}, file, layouts[i])),
    blockCount,
    totalBytes: lengths.reduce((sum, length) => sum + length, 0),
  };
}

/** Files in tree order: the bencoded keys are sorted, so reading in order is that order. */
function collect(folder: BencodeDict, path: readonly string[], out: InfoFile[]): void {
  if (folder.size === 0) throw malformed('an empty folder');
  for (const [name, entry] of folder) {
    const node = asDict(entry);
    if (!isSafeName(name)) throw unsafe('a file');
    if (path.length === MAX_PATH_DEPTH) throw tooLarge('folders too deep in one another');
    const place = [...path, name];
    const fields = node.get('');
    if (fields === undefined) {
      collect(node, place, out);
    } else {
      if (node.size > 1) throw new MetainfoError('duplicate-path', 'a path that is a file and a folder');
      if (out.length === MAX_FILES) throw tooLarge(`more than ${MAX_FILES} files`);
      out.push(readFile(asDict(fields), place));
    }
  }
}

function readFile(fields: BencodeDict, path: readonly string[]): InfoFile {
  const length = fields.get('length');
  if (typeof length !== 'number' || length < 0) throw malformed('a file without a length');
  const piecesRoot = fields.get('pieces root');
  if (length === 0) {
    if (piecesRoot !== undefined) throw malformed('an empty file with a hash tree');
    return { path, length };
  }
  if (!(piecesRoot instanceof Uint8Array) || piecesRoot.byteLength !== HASH_BYTES) {
    throw malformed('a file without the root of its hash tree');
  }
  return { path, length, piecesRoot };
}

function isSealed(info: BencodeDict): boolean {
  const version = info.get(SEALED_KEY);
  if (version === undefined) return false;
  if (typeof version !== 'number' || version < 1) throw malformed('a bad seal version');
  if (version > SEALED_VERSION)
    throw new MetainfoError('too-new', 'a private share of a newer version of Tabswarm');
  return true;
}

/** A sealed share names nothing: anything but the opaque names would be a way to smuggle some in. */
function checkSealed(name: string, files: readonly InfoFile[]): void {
  const opaque = files.every(({ path }, i) => path.length === 1 && path[0] === opaqueName(i));
  if (name !== SEALED_NAME || !opaque || files[0]?.length === 0) throw malformed('not a sealed share');
}

function decode(bytes: Bytes): Bencode {
  try {
    return decodeBencode(bytes, { maxDepth: MAX_NESTING, maxItems: MAX_ITEMS });
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    const code = cause.code === 'too-large' ? 'too-large' : 'malformed';
    throw new MetainfoError(code, cause.message, { cause });
  }
}

function asDict(value: Bencode | undefined): BencodeDict {
  if (!isDict(value)) throw malformed('a dictionary is missing');
  return value;
}

function asText(value: Bencode | undefined): string {
  if (!(value instanceof Uint8Array)) throw malformed('a text is missing');
  try {
    return fromUtf8(value);
  } catch (cause) {
    throw new MetainfoError('malformed', 'text that is not UTF-8', { cause });
  }
}

function malformed(message: string): MetainfoError {
  return new MetainfoError('malformed', message);
}

function tooLarge(message: string): MetainfoError {
  return new MetainfoError('too-large', message);
}

function unsafe(what: string): MetainfoError {
  return new MetainfoError('unsafe-path', `${what} has a name that cannot be saved safely`);
}
