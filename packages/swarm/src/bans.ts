import { errorText, type Clock, type Log, type Unsubscribe } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';

/** Whoever sent a corrupt block is not a source for an hour. */
const BAN_MS = 60 * 60 * 1000;
/** The tabs of a browser do not read the same time to the millisecond, and hear of a ban at once. */
const CLOCK_SLACK_MS = 1_000;
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
  /** Another tab has changed it. */
  onChange(listener: () => void): Unsubscribe;
}

/** Nodes that sent what does not hash to what was asked for. A ban holds for every share, and for every link to the node. */
export interface Bans {
  /** Hears of the bans of this browser's other tabs as they are made. */
  start(options: { readonly signal: AbortSignal }): void;
  /** Takes in what this browser's tabs have written down. */
  load(): Promise<void>;
  readonly has: (node: NodeId) => boolean;
  readonly add: (node: NodeId) => void;
}

export interface BansCollaborators {
  /** Absent where bans are forgotten with the page. */
  readonly book: BanBook | undefined;
  /** A node is banned that was not until now, by this tab or another one. */
  readonly onBanned: (node: NodeId) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export function createBans({ book, onBanned, clock, log }: BansCollaborators): Bans {
  const untilByNode = new Map<NodeId, number>();

  /** One that is further ahead than any ban is from a clock that was wrong. */
  const isRunning = (until: number): boolean =>
    until > clock.now() && until <= clock.now() + BAN_MS + CLOCK_SLACK_MS;
  const running = (bans: readonly Ban[]): readonly Ban[] =>
    bans.filter(({ until }) => isRunning(until)).slice(-MAX_BANS);
  const has = (node: NodeId): boolean => isRunning(untilByNode.get(node) ?? 0);
  const take = (bans: readonly Ban[]): void => {
    for (const [node, until] of untilByNode) if (!isRunning(until)) untilByNode.delete(node);
    const fresh = bans.filter(({ node }) => !has(node));
    for (const { node, until } of bans) {
      untilByNode.set(node, Math.max(until, untilByNode.get(node) ?? 0));
    }
    for (const { node } of fresh) onBanned(node);
  };

  const load = async (): Promise<void> => {
    try {
      if (book) take(running(await book.all()));
    } catch (cause) {
      log.warn('the bans of other tabs, or of earlier, could not be read', { cause: errorText(cause) });
    }
  };

  return {
    start({ signal }) {
      const unsubscribe = book?.onChange(() => void load());
      signal.addEventListener('abort', () => unsubscribe?.(), { once: true });
    },
    load,
    has,
    add(node) {
      const ban = { node, until: clock.now() + BAN_MS };
      take([ban]);
      book
        ?.update((bans) => running([...bans.filter((other) => other.node !== node), ban]))
        .catch((cause: unknown) => log.warn('a ban was not written down', { cause: errorText(cause) }));
    },
  };
}
