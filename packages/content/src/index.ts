export { VerifiedBlock, verifyBlock, type ExpectedBlock } from './block.ts';
export { CorruptError, MetainfoError, WrongKeyError, type MetainfoErrorCode } from './error.ts';
export { blockHashes, piecesRootOf } from './file-hash.ts';
export {
  buildFileTree,
  hashRanges,
  MAX_RANGE_HASHES,
  proveRange,
  rangeSize,
  verifyRange,
  type FileTree,
  type HashRange,
} from './hash-range.ts';
export { decodeInfo, MAX_FILES, MAX_INFO_BYTES, parseInfo } from './info-decode.ts';
export { encodeInfo, rootOf, type Info, type InfoContent, type InfoFile } from './info.ts';
export { blockHeight, choosePieceLength, placeOf, type BlockPlace, type FileLayout } from './layout.ts';
export { parseLink } from './link-parse.ts';
export { formatAppLink, formatMagnet, LinkError, type LinkErrorCode, type ShareLink } from './link.ts';
export { decodeManifest, encodeManifest, MAX_MANIFEST_BYTES, type Manifest } from './manifest.ts';
export { planShare, type PlannedFile, type SharePlan, type SourceEntry } from './plan.ts';
export type { NameChange } from './saved-name.ts';
export type { NewPath } from './rename-paths.ts';
export { savedPaths } from './saved-paths.ts';
export { sharedPaths } from './shared-paths.ts';
export { fileCipher, SHARE_KEY_BYTES, type FileCipher } from './seal.ts';
export { HASH_BYTES } from './sha256-pair.ts';
export { decodeTorrent, MAX_TORRENT_BYTES, type Torrent } from './torrent-decode.ts';
export { encodeTorrent } from './torrent.ts';
