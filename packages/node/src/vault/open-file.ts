import {
  decodeManifest,
  fileCipher,
  MAX_MANIFEST_BYTES,
  MetainfoError,
  WrongKeyError,
  type FileCipher,
  type Manifest,
} from '@tabswarm/content';
import { fromBase64Url } from '@tabswarm/protocol/bytes';
import type { BlockStore } from '@tabswarm/store';
import { fileAt } from '../file-at.ts';
import type { KeyState } from '../vault.ts';
import { IncompleteError, NotFoundError } from './errors.ts';
import { filesOf, isPrivate, nameOf, type HeldFile, type HeldShare } from './held-share.ts';
import { hasFile, type Metainfo } from './metainfo.ts';

/** Blocks that are read ahead of the one that is wanted next. */
const READ_AHEAD = 4;

/** What can be said of a share's key, and the names it opens. */
export async function checkKey(
  blocks: BlockStore,
  { record, metainfo }: HeldShare,
): Promise<{ keyState: KeyState; manifest?: Manifest | undefined }> {
  const sealed = metainfo ? metainfo.info.sealed : record.visibility === 'private';
  if (!sealed) return { keyState: 'none' };
  if (record.key === undefined) return { keyState: 'missing' };
  const [file] = metainfo?.info.files ?? [];
  // No key would open it, so nobody need wait for its blocks.
  if (file && file.length > MAX_MANIFEST_BYTES) return { keyState: 'unreadable' };
  if (!metainfo || !file || !hasFile(metainfo, 0)) return { keyState: 'unchecked' };
  const cipher = await fileCipher(fromBase64Url(record.key), 0);
  const bytes = await openBytes(blocks, metainfo, 0, { start: 0, end: file.length }, cipher);
  try {
    return { keyState: 'ok', manifest: decodeManifest(bytes, metainfo.info.files.length - 1) };
  } catch (error) {
    if (error instanceof WrongKeyError) return { keyState: 'wrong' };
    // The key is right, but the sharer wrote names that we do not take.
    if (error instanceof MetainfoError) return { keyState: 'unreadable' };
    throw error;
  }
}

/** The file at `path`, the only one without a path. The share's own name may stand before the path. */
export function findFile(share: HeldShare, path: readonly string[] | undefined): HeldFile {
  const found = fileAt(filesOf(share), path, nameOf(share));
  if (!found) throw new NotFoundError('no such file in this share');
  return found;
}

/** A whole file, opened. It is handed to the browser block by block, so it is in memory a few blocks at a time. */
export async function readFile(blocks: BlockStore, share: HeldShare, file: HeldFile): Promise<Blob> {
  const { metainfo, cipher } = await opening(share, file);
  const { pieceLength } = metainfo.info;
  const parts: Promise<Blob>[] = [];
  for (let start = 0; start < file.length; start += pieceLength) {
    // Not before the block READ_AHEAD places earlier is done.
    await parts.at(-READ_AHEAD);
    const end = Math.min(start + pieceLength, file.length);
    const part = openBytes(blocks, metainfo, file.number, { start, end }, cipher).then(
      (bytes) => new Blob([bytes]),
    );
    // A failure is met where the parts are gathered.
    part.catch(() => undefined);
    parts.push(part);
  }
  return new Blob(await Promise.all(parts), { type: file.type ?? '' });
}

/** The bytes of a file from `start` up to `end`, opened. */
export async function readSlice(
  blocks: BlockStore,
  share: HeldShare,
  file: HeldFile,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<ArrayBuffer> {
  const { metainfo, cipher } = await opening(share, file);
  const bytes = await openBytes(
    blocks,
    metainfo,
    file.number,
    { start: Math.max(0, start), end: Math.min(end, file.length) },
    cipher,
  );
  return bytes.buffer;
}

async function opening(
  share: HeldShare,
  file: HeldFile,
): Promise<{ metainfo: Metainfo; cipher: FileCipher | undefined }> {
  const { metainfo, record } = share;
  if (!metainfo) throw new IncompleteError('nothing is known of this share yet');
  if (!isPrivate(share)) return { metainfo, cipher: undefined };
  if (record.key === undefined) throw new WrongKeyError('this share is private, and its key is not known');
  if (share.keyState === 'wrong') throw new WrongKeyError('the key in the link is not the key of this share');
  if (share.keyState === 'unreadable') {
    throw new MetainfoError('malformed', 'the list of the files of this private share cannot be read');
  }
  return { metainfo, cipher: await fileCipher(fromBase64Url(record.key), file.number) };
}

async function openBytes(
  blocks: BlockStore,
  { info, ids }: Metainfo,
  number: number,
  { start, end }: { readonly start: number; readonly end: number },
  cipher: FileCipher | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(Math.max(0, end - start));
  const firstBlock = info.files[number]?.firstBlock ?? 0;
  for (let i = Math.floor(start / info.pieceLength); i * info.pieceLength < end; i += 1) {
    const id = ids[firstBlock + i];
    const kept = id === undefined ? undefined : await blocks.get(id);
    if (!kept) throw new IncompleteError('not all of this file is here');
    const offset = i * info.pieceLength;
    const opened = cipher ? await cipher.apply(offset, new Uint8Array(kept)) : kept;
    const bytes = new Uint8Array(opened);
    out.set(bytes.subarray(Math.max(0, start - offset), end - offset), Math.max(0, offset - start));
  }
  return out;
}
