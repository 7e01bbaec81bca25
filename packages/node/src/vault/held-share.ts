import { type Manifest } from '@tabswarm/content';
import type { Root } from '@tabswarm/protocol/ids';
import type { ShareRecord } from '@tabswarm/store';
import type { FileView, KeyState, MetainfoView, ShareView } from '../vault.ts';
import { missingHashes, type Metainfo } from './metainfo.ts';

/** A share as the vault has it in memory: what is stored of it, and what follows from that. */
export interface HeldShare {
  readonly root: Root;
  record: ShareRecord;
  metainfo?: Metainfo | undefined;
  /** What the files of a private share are called, once that could be read. */
  manifest?: Manifest | undefined;
  keyState: KeyState;
}

/** A file as a person knows it, with its number in the file tree. */
export interface HeldFile extends FileView {
  readonly number: number;
}

/** Whether its bytes are encrypted: as the info dictionary says, and until that is there, as the link does. */
export function isPrivate({ record, metainfo }: HeldShare): boolean {
  return metainfo ? metainfo.info.sealed : record.visibility === 'private';
}

/** The files that were shared; a private share's manifest is not one of them. */
export function filesOf({ metainfo, manifest }: HeldShare): HeldFile[] {
  if (!metainfo) return [];
  const { files, sealed } = metainfo.info;
  return files.slice(sealed ? 1 : 0).map(({ path, length }, i) => {
    const named = manifest?.files[i];
    return { path: named?.path ?? path, length, type: named?.type ?? '', number: sealed ? i + 1 : i };
  });
}

export function viewOf(share: HeldShare): ShareView {
  const { root, record, metainfo } = share;
  const sealed = isPrivate(share);
  return {
    root,
    visibility: sealed ? 'private' : 'public',
    key: sealed ? record.key : undefined,
    keyState: share.keyState,
    name: nameOf(share),
    origin: record.origin,
    addedAt: record.addedAt,
    paused: record.paused,
    signaling: record.signaling,
    choice: record.choice,
    metainfo: metainfo && metainfoView(share, metainfo),
    have: metainfo ? metainfo.have.slice() : new Uint8Array(),
  };
}

/** What the share says of itself comes before what a link said of it. */
export function nameOf({ record, metainfo, manifest }: HeldShare): string | undefined {
  if (manifest) return manifest.name;
  return metainfo && !metainfo.info.sealed ? metainfo.info.name : record.name;
}

function metainfoView(share: HeldShare, metainfo: Metainfo): MetainfoView {
  const { info, blockLengths } = metainfo;
  return {
    pieceLength: info.pieceLength,
    blockCount: info.blockCount,
    blockLengths: blockLengths.slice(),
    totalBytes: info.totalBytes,
    files: filesOf(share).map(({ path, length, type }) => ({ path, length, type })),
    missingHashes: missingHashes(metainfo),
  };
}
