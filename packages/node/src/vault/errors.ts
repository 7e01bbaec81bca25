/** No such share, file or block. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** Not all of the file is here. */
export class IncompleteError extends Error {
  override readonly name = 'IncompleteError';
}

/** A `.torrent` file without the hash trees of BitTorrent v2, which everything here rests on. */
export class OldTorrentError extends Error {
  override readonly name = 'OldTorrentError';
}
