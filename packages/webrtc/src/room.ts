import type { Log } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Attempt } from './attempt.ts';
import type { Census } from './census.ts';

/** Attempts under way at once, ours and theirs. */
const MAX_ATTEMPTS = 24;
/** Of them those that others began: whoever knocks with keys made by the dozen leaves us the rest. */
const MAX_ATTEMPTS_OF_OTHERS = 16;

export interface RoomCollaborators {
  readonly links: ReadonlyMap<NodeId, unknown>;
  readonly attempts: ReadonlyMap<NodeId, Attempt>;
  readonly census: Census;
  readonly log: Log;
}

/** What there is still room for, of all that costs this tab something. */
export interface Room {
  /** Why no attempt with `remote` may begin: no room for its link, or none for what leads to it. */
  refusal(remote: NodeId, by: 'us' | 'them'): 'full' | 'busy' | undefined;
  /** Whether one more connection object may be made for `remote`, besides those that attempts under way may need. */
  hasConnection(remote: NodeId): boolean;
}

/** An attempt has its place from its beginning to its end, so none that comes to a link finds it taken. */
export function createRoom(
  { links, attempts, census, log }: RoomCollaborators,
  { maxLinks }: { readonly maxLinks: number },
): Room {
  /** A node that is linked already may come back: it replaces its own link and takes no more room. */
  const isFull = (remote: NodeId): boolean => {
    const coming = [...attempts.keys()].filter((node) => !links.has(node)).length;
    return !links.has(remote) && links.size + coming >= maxLinks;
  };

  const hasConnection = (remote: NodeId): boolean => {
    const coming = [...attempts.values()].filter(({ connection }) => !connection).length;
    if (census.hasRoom(coming + 1)) return true;
    log.warn('too many connections are not collected yet', { ...census.counts(), peer: remote });
    return false;
  };

  return {
    hasConnection,
    refusal(remote, by) {
      if (isFull(remote)) return 'full';
      const theirs = [...attempts.values()].filter(({ knocked }) => knocked === undefined).length;
      const isBusy = attempts.size >= MAX_ATTEMPTS || (by === 'them' && theirs >= MAX_ATTEMPTS_OF_OTHERS);
      return isBusy || !hasConnection(remote) ? 'busy' : undefined;
    },
  };
}
