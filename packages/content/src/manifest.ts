import { decodeBencode, encodeBencode } from '@tabswarm/protocol/bencode';
import { concat, equalBytes, utf8, type Bytes } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import { dict, list, text, type Infer } from '@tabswarm/protocol/schema';
import { MetainfoError, WrongKeyError } from './error.ts';
import { MAX_FILES } from './info-decode.ts';
import { comparePaths, isSafeName, MAX_NAME_BYTES, MAX_PATH_DEPTH } from './path.ts';

/*
 * File 0 of a private share: what its files are called. Before encryption it is
 *   16 bytes   MAGIC, by which the right key is known
 *    4 bytes   version
 *    4 bytes   length of the text that follows
 *              the text, bencoded
 *              zeros up to a multiple of PADDING_BYTES, so that the length tells little of the names
 */

const MAGIC = utf8('tabswarm sealed\n');
const VERSION = 1;
const HEADER_BYTES = 24;
const PADDING_BYTES = 1024;
/** Names of 300 bytes for each of the most files that a share has. */
export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
const MAX_TYPE_BYTES = 127;
/** A file is a dictionary with two values and a list of at most MAX_PATH_DEPTH names; most have one to three. */
const MAX_ITEMS = 8 * MAX_FILES;

const body = dict({
  name: text(MAX_NAME_BYTES),
  files: list(
    dict({ path: list(text(MAX_NAME_BYTES), { max: MAX_PATH_DEPTH }), type: text(MAX_TYPE_BYTES) }),
    { max: MAX_FILES },
  ),
});

/** Entry i tells of the share's file i + 1. `type` is a media type, or empty. */
export type Manifest = Infer<typeof body>;

export function encodeManifest(manifest: Manifest): Bytes {
  const files = manifest.files.map(({ path, type }) => ({
    path,
    type: utf8(type).byteLength > MAX_TYPE_BYTES ? '' : type,
  }));
  const content = encodeBencode(body.encode({ name: manifest.name, files }));
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint32(16, VERSION);
  view.setUint32(20, content.byteLength);
  const size = HEADER_BYTES + content.byteLength;
  return concat(header, content, new Uint8Array(Math.ceil(size / PADDING_BYTES) * PADDING_BYTES - size));
}

/**
 * The manifest of a share with `fileCount` files beside it. Throws a WrongKeyError where the bytes were opened with
 * another key, and a MetainfoError where the sharer wrote something that we do not take.
 */
export function decodeManifest(bytes: Bytes, fileCount: number): Manifest {
  if (!equalBytes(bytes.subarray(0, MAGIC.byteLength), MAGIC)) {
    throw new WrongKeyError('the key in the link is not the key of this share');
  }
  if (bytes.byteLength < HEADER_BYTES) throw malformed('its length');
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new MetainfoError('too-large', `the manifest of a private share: ${bytes.byteLength} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint32(16);
  if (version > VERSION) {
    throw new MetainfoError('too-new', 'a private share of a newer version of Tabswarm');
  }
  if (version !== VERSION) throw malformed('its version');
  const end = HEADER_BYTES + view.getUint32(20);
  if (end > bytes.byteLength) throw malformed('its text is cut off');
  if (bytes.subarray(end).some((byte) => byte !== 0)) throw malformed('bytes after its text');
  const manifest = decodeBody(bytes.subarray(HEADER_BYTES, end));
  check(manifest, fileCount);
  return manifest;
}

function decodeBody(bytes: Bytes): Manifest {
  try {
    return body.decode(decodeBencode(bytes, { maxItems: MAX_ITEMS }));
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    const code = cause.code === 'too-large' ? 'too-large' : 'malformed';
    throw new MetainfoError(code, `the manifest of a private share: ${cause.message}`, { cause });
  }
}

function check({ name, files }: Manifest, fileCount: number): void {
  if (files.length !== fileCount) throw malformed('another number of files');
  const safe = isSafeName(name) && files.every(({ path }) => path.length > 0 && path.every(isSafeName));
  if (!safe) throw new MetainfoError('unsafe-path', 'a file has a name that cannot be saved safely');
  for (const [i, { path }] of files.entries()) {
    const before = files[i - 1]?.path;
    if (!before) continue;
    if (comparePaths(before, path) >= 0) throw malformed('its files out of order');
    // In this order whatever lies in a "folder" that is a file comes right after that file.
    if (before.every((part, depth) => part === path[depth])) {
      throw new MetainfoError('duplicate-path', 'a path that is a file and a folder');
    }
  }
}

function malformed(what: string): MetainfoError {
  return new MetainfoError('malformed', `the manifest of a private share: ${what}`);
}
