import { every, type Clock } from '@tabswarm/base';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { hasBit } from '../bitfield.ts';

/** What was given in this period and the one before counts as given of late. */
const PERIOD_MS = 10_000;
/** One byte that is given is worth so many that are taken: the slowest line up is not so much slower than down. */
const WORTH = 32;
/** So much may be taken before anything is given, and so many blocks: as many as it takes to have something to give. */
const FREE_BYTES = 128 * 1024;
const FREE_BLOCKS = 1;
/** A source has so long before it counts that it gives nothing. */
const PATIENCE_MS = 5_000;
/** A block that was sent has been stored and told of after so long. */
const TOLD_MS = 5_000;
/** So many blocks that are never told of are no accident. */
const HIDDEN_BLOCKS = 2;
/** Who was asked for nothing for so long owes nothing any more. */
const FORGET_MS = 10 * 60_000;

/** What peers and we gave one another, by which they are judged. */
export interface Dealings {
  start(options: { signal: AbortSignal }): void;
  /** A block was asked of the peer. */
  onAsked(peer: NodeId): void;
  /** What it was asked for is not wanted of it any more. */
  onWithdrawn(peer: NodeId): void;
  /** Bytes of blocks came from it. */
  onGiven(peer: NodeId, bytes: number): void;
  /** Bytes went to it, of a block of `blockBytes`. */
  onTaken(peer: NodeId, bytes: number, blockBytes: number): void;
  /** All of a block went to it, of which it is to tell us that it has it. */
  onBlockTaken(taker: Taker, root: Root, index: number): void;
  /** Bytes that it gave of late. */
  given(peer: NodeId): number;
  /** It takes and gives nothing, although it was asked, or it hides what it could give. */
  isRider(peer: NodeId): boolean;
}

export interface Taker {
  readonly remote: NodeId;
  /** What it says that it has. */
  readonly holdings: ReadonlyMap<Root, { readonly have: Uint8Array }>;
}

interface Account {
  givenNow: number;
  givenBefore: number;
  /** Bytes taken since it was asked in vain, less what it gave for them. */
  unpaid: number;
  blockBytes: number;
  /** When it was asked for something that did not come. */
  askedInVainAt: number | undefined;
  lastAskedAt: number;
  untold: Untold[];
  hidden: number;
}

/** Kept for seconds, for every block that is sent: not a closure, which would keep what is around it, and the block. */
interface Untold {
  readonly taker: Taker;
  readonly root: Root;
  readonly index: number;
  readonly at: number;
}

/** `isFetching`: we lack something of the share, and ask for it. */
export function createDealings(clock: Clock, isFetching: (root: Root) => boolean): Dealings {
  /** By node and not by link, so that nobody is judged anew who comes again. */
  const accounts = new Map<NodeId, Account>();

  const accountOf = (peer: NodeId): Account => {
    const account = accounts.get(peer) ?? {
      givenNow: 0,
      givenBefore: 0,
      unpaid: 0,
      blockBytes: 0,
      askedInVainAt: undefined,
      lastAskedAt: clock.now(),
      untold: [],
      hidden: 0,
    };
    accounts.set(peer, account);
    return account;
  };

  const lookForHidden = (account: Account): void => {
    for (let [first] = account.untold; first && clock.now() - first.at >= TOLD_MS; [first] = account.untold) {
      account.untold.shift();
      account.hidden = isFetching(first.root) && !isTold(first) ? account.hidden + 1 : 0;
    }
  };

  const look = (): void => {
    for (const [peer, account] of accounts) {
      account.givenBefore = account.givenNow;
      account.givenNow = 0;
      lookForHidden(account);
      if (clock.now() - account.lastAskedAt >= FORGET_MS && account.untold.length === 0)
        accounts.delete(peer);
    }
  };

  const dealings: Dealings = {
    start: ({ signal }) => every(clock, () => PERIOD_MS, look, { signal }),
    onAsked(peer) {
      const account = accountOf(peer);
      account.askedInVainAt ??= clock.now();
      account.lastAskedAt = clock.now();
    },
    onWithdrawn(peer) {
      if (!dealings.isRider(peer)) accountOf(peer).askedInVainAt = undefined;
    },
    onGiven(peer, bytes) {
      const account = accountOf(peer);
      account.givenNow += bytes;
      account.unpaid = Math.max(0, account.unpaid - bytes * WORTH);
      if (account.unpaid === 0) account.askedInVainAt = undefined;
    },
    onTaken(peer, bytes, blockBytes) {
      const account = accountOf(peer);
      if (account.askedInVainAt !== undefined) account.unpaid += bytes;
      account.blockBytes = Math.max(account.blockBytes, blockBytes);
    },
    onBlockTaken(taker, root, index) {
      accountOf(taker.remote).untold.push({ taker, root, index, at: clock.now() });
    },
    given(peer) {
      const account = accounts.get(peer);
      return account ? account.givenNow + account.givenBefore : 0;
    },
    isRider(peer) {
      const account = accounts.get(peer);
      if (!account) return false;
      lookForHidden(account);
      const { askedInVainAt, unpaid, blockBytes, hidden } = account;
      const isAsked = askedInVainAt !== undefined && clock.now() - askedInVainAt >= PATIENCE_MS;
      return (isAsked && unpaid > Math.max(FREE_BYTES, FREE_BLOCKS * blockBytes)) || hidden >= HIDDEN_BLOCKS;
    },
  };
  return dealings;
}

function isTold({ taker, root, index }: Untold): boolean {
  return hasBit(taker.holdings.get(root)?.have, index);
}
