import { formatBytes } from '@tabswarm/base';
import type { Kept } from './memento.ts';
import { NoRoomError } from './room.ts';
import type { NodeSnapshot, Problem } from './snapshot.ts';

/* What people are told. Each says what happened and what to do; nothing technical without a meaning for the reader. */

export function nobodyHolds(): Problem {
  return {
    code: 'nobody-holds',
    message: 'Nobody who has this share is online right now.',
    advice: 'Ask the sender to open Tabswarm. Keep this page open: the download starts by itself.',
  };
}

export function noNetwork(signaling: NodeSnapshot['signaling'], noPath: boolean): Problem {
  if (noPath) {
    return {
      code: 'no-network',
      message: 'Other tabs are online, but no network path to them was found.',
      advice:
        'A firewall, VPN or strict router stands between. Try another network; it is tried again by itself.',
    };
  }
  return signaling === 'connected'
    ? {
        code: 'no-network',
        message: 'No other tab is connected yet.',
        advice: 'Keep this page open: it links up as soon as somebody else opens theirs.',
      }
    : {
        code: 'no-network',
        message: 'This tab is not connected to anybody.',
        advice:
          'Check your internet connection, or whether the server that you opened this page from still runs.',
      };
}

/** Linked to peers that take part in the share, and nothing comes. */
export function waitingTurn(): Problem {
  return {
    code: 'waiting-turn',
    message: 'Whoever has it is serving others first.',
    advice: 'Keep this page open: it goes on by itself when it is its turn.',
  };
}

export function stalled(): Problem {
  return {
    code: 'stalled',
    message: 'The peers that are here have no more of it, or do not answer.',
    advice: 'Keep this page open: it goes on by itself when somebody with the rest comes.',
  };
}

export function corrupt(): Problem {
  return {
    code: 'corrupt',
    message: 'Somebody sent damaged data for this share, and it was thrown away.',
    advice: 'It is not asked again. Ask the sender to open Tabswarm; it goes on by itself with anybody else.',
  };
}

/** Our own share of which the browser has lost parts. */
export function evicted(): Problem {
  return {
    code: 'evicted',
    message: 'The browser has removed parts of this share from its storage.',
    advice: 'Share the files again, or keep this page open: whoever has it can give the parts back.',
  };
}

/** Everything that was kept here is gone, and the user did not remove it. */
export function allEvicted({ shares, bytes }: Kept): Problem {
  const what = shares === 1 ? 'one share' : `${shares} shares`;
  return {
    code: 'evicted',
    message: `The browser has cleared what was kept here: ${what} of ${formatBytes(bytes)}.`,
    advice: 'Share your files again, and paste the links of your downloads again.',
  };
}

export function unreachable(count: number, reason: string): Problem {
  const why: Readonly<Record<string, string>> = {
    'no-path': 'No network path was found: a firewall, VPN or strict router stands between you.',
    absent: 'They have just left.',
    declined: 'They have no room for another connection now.',
    incompatible: 'They run another version of Tabswarm; reload both pages.',
    'not-holding': 'They do not have it any more.',
    busy: 'This tab has too many connections open.',
  };
  return {
    code: 'unreachable',
    message: `${count === 1 ? 'One peer' : `${count} peers`} should have this share, but cannot be reached.`,
    advice: `${why[reason] ?? 'The connection failed.'} It is tried again by itself.`,
  };
}

export function wrongKey(): Problem {
  return {
    code: 'wrong-key',
    message: 'The key in this link does not open this share.',
    advice: 'Part of the link is wrong or missing. Ask for it again and paste all of it.',
  };
}

/** The key is right, and what it opens is not a list of files that we take. */
export function unreadable(): Problem {
  return {
    code: 'unusable',
    message: 'This share’s list of files cannot be read: it is damaged, or from a newer version of Tabswarm.',
    advice: 'Reload the page for the newest version, or ask the sender to share the files again.',
  };
}

export function noKey(): Problem {
  return {
    code: 'no-key',
    message: 'This share is sealed, and the link had no key.',
    advice: 'You help to keep it available. To open it, paste the full link with its key.',
  };
}

/** The disk got full while files were made into a share. */
export function noRoomForFiles(): Problem {
  return {
    code: 'disk-full',
    message: 'There is no room left: the browser’s storage for this site is full.',
    advice:
      'Remove shares that you no longer need, or free disk space. It then goes on by itself, or when you press Resume.',
  };
}

/** Said before anything of it is fetched. */
function noRoomAhead({ needed, free }: NoRoomError): Problem {
  return {
    code: 'no-room',
    message: `This needs ${formatBytes(needed)}, and ${formatBytes(free)} are free in this browser.`,
    advice: 'Remove shares that you no longer need, or free disk space: it then starts by itself.',
  };
}

/** Why files could not be made into a share, and what to do. Nothing of a share that failed is kept. */
export function problemOfSharing(cause: unknown): Problem {
  switch (nameOf(cause)) {
    case 'NotReadableError':
    case 'NotFoundError':
      return {
        code: 'not-readable',
        message: 'The file could not be read.',
        advice: 'It may have been moved, changed or deleted since it was chosen. Choose it again.',
      };
    case 'MetainfoError':
      return {
        code: 'unusable',
        message: 'These are too many files, or too much data, for one share.',
        advice: 'Share them in smaller parts.',
      };
    default:
      return {
        code: 'internal',
        message: 'Something went wrong in this tab, and the files were not shared.',
        advice: 'Remove this entry and share them again; reload the page if it happens once more.',
      };
  }
}

/** What stopped a download, and what to do. What was received is kept. */
export function problemOfDownload(cause: unknown): Problem {
  if (cause instanceof NoRoomError) return noRoomAhead(cause);
  switch (nameOf(cause)) {
    case 'QuotaExceededError':
      return {
        code: 'disk-full',
        message: 'There is no room left: the browser’s storage for this site is full.',
        advice:
          'Remove shares that you no longer need, or free disk space. It then goes on by itself, or when you press Resume. Nothing is lost.',
      };
    case 'MetainfoError':
      return {
        code: 'unusable',
        message: 'This share cannot be taken: it is damaged, or too large for a browser.',
        advice: 'Ask the sender to share the files again, in smaller parts if they are very many.',
      };
    default:
      return {
        code: 'internal',
        message: 'Something went wrong in this tab.',
        advice: 'Reload the page: everything that was received is kept, and it goes on from there.',
      };
  }
}

function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : '';
}

/** Why the signaling server will not have this tab. */
export function signalingRefused(refusal: string): Problem {
  const texts: Readonly<Record<string, readonly [string, string]>> = {
    'too-old': ['This page is older than its server.', 'Reload it.'],
    'too-new': ['This page is newer than its server.', 'Ask whoever runs the server to update it.'],
    full: ['The server has no room for another tab now.', 'It is tried again by itself.'],
    'too-fast': ['The server thinks that this tab asks too much.', 'It is tried again by itself.'],
    replaced: ['Another tab took this tab’s place in the network.', 'Close one of the two and reload.'],
  };
  const [message, advice] = texts[refusal] ?? ['The server does not accept this tab.', 'Reload the page.'];
  return { code: 'no-network', message, advice };
}
