import { problemOfDownload, problemOfSharing } from './problems.ts';
import type { Problem } from './snapshot.ts';

/* What people are told about torrent files, and about files of their own that a share could be made whole with. */

/** Why a `.torrent` file was not taken. */
export function problemOfTorrent(cause: unknown): Problem {
  switch (nameOf(cause)) {
    case 'OldTorrentError':
      return {
        code: 'unusable',
        message: 'This torrent is of the old kind, BitTorrent v1, which has no hash for each part of a file.',
        advice: 'Ask for a v2 or hybrid torrent of the same files.',
      };
    case 'MetainfoError':
      return {
        code: 'unusable',
        message:
          'This is not a torrent file that can be used: it is damaged, too large, or names files unsafely.',
        advice: 'Get it again, or ask whoever made it for a link.',
      };
    case 'NotReadableError':
    case 'NotFoundError':
      return {
        code: 'not-readable',
        message: 'The torrent file could not be read.',
        advice: 'It may have been moved or deleted since it was chosen. Choose it again.',
      };
    default:
      return problemOfDownload(cause);
  }
}

/** Why nothing was taken out of files that somebody has already; undefined for files that are simply others. */
export function problemOfSupplying(cause: unknown): Problem {
  if (cause === undefined) {
    return {
      code: 'unusable',
      message: 'None of these files belongs to this share: they are others, or were changed since.',
      advice: 'Choose the files that the share was made from, or wait for somebody who has them.',
    };
  }
  const isUnread = ['NotReadableError', 'NotFoundError'].includes(nameOf(cause));
  return isUnread ? problemOfSharing(cause) : problemOfDownload(cause);
}

function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : '';
}
