import { errorText, type Clock, type Log } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';

/** Whoever sent a corrupt block is not a source for an hour. */
const BAN_MS = 60 * 60 * 1000;
/** More than one tab meets in an hour; who could make us forget a ban by more than these has as many ids to spare. */
const MAX_BANS = 1_024;

/** A node that is not used as a source until then, in milliseconds since the Unix epoch. */
export interface Ban {
  readonly node: NodeId;
  readonly until: number;
}

/** Keeps bans for longer than the page is open, for all tabs of a browser. */
export interface BanBook {
  all(): Promise<readonly Ban[]>;
  /** Changes the book in one step, whatever other tabs do. */
  update(change: (bans: readonly Ban[]) => readonly Ban[]): Promise<void>;
}

/** Nodes that sent what does not hash to what was asked for. A ban holds for every share, and for every link to the node. */
export interface Bans {
  /** Takes in what this browser's tabs have written down. */
  load(): Promise<void>;
  readonly has: (node: NodeId) => boolean;
  add(node: NodeId): void;
}

export interface BansCollaborators {
  /** Absent where bans are forgotten with the page. */
  readonly book: BanBook | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export function createBans({ book, clock, log }: BansCollaborators): Bans {
  const untilByNode = new Map<NodeId, number>();

  /** One that is further ahead than any ban is from a clock that was wrong. */
  const isRunning = (until: number): boolean => until > clock.now() && until <= clock.now() + BAN_MS;
  const running = (bans: readonly Ban[]): readonly Ban[] =>
    bans.filter(({ until }) => isRunning(until)).slice(-MAX_BANS);
  const take = (bans: readonly Ban[]): void => {
    for (const { node, until } of running(bans)) {
      untilByNode.set(node, Math.max(until, untilByNode.get(node) ?? 0));
    }
  };

  return {
    async load() {
      try {
        if (book) take(await book.all());
      } catch (cause) {
        log.warn('the bans of earlier could not be read', { cause: errorText(cause) });
      }
    },
    has: (node) => isRunning(untilByNode.get(node) ?? 0),
    add(node) {
      const ban = { node, until: clock.now() + BAN_MS };
      for (const [other, until] of untilByNode) if (!isRunning(until)) untilByNode.delete(other);
      untilByNode.set(node, ban.until);
      book
        ?.update((bans) => running([...bans.filter((other) => other.node !== node), ban]))
        .catch((cause: unknown) => log.warn('a ban was not written down', { cause: errorText(cause) }));
    },
  };
}
