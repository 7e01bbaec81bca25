import { every, type Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Port } from './port.ts';

/** Who was asked and gives nothing for so long is not waited for; longer where a block from there was right. */
const GRACE_MS = 10_000;
const PROVEN_GRACE_MS = 30_000;
const LOOK_MS = 500;
/** Time that passed while nobody looked, as in a tab that slept, says nothing of others. */
const MAX_LOOK_MS = 2 * LOOK_MS;
/** Nodes that are remembered of one share: more than can be linked in a long while. */
const MAX_NODES = 1_024;

/**
 * Which of those who say that they hold something we lack also give of it. It is counted by node and not by link, so that
 * nobody is judged anew who leaves and joins.
 */
export interface Usefulness {
  start(options: { readonly signal: AbortSignal }): void;
  onAsked(port: Port): void;
  /** Bytes of an answer came. */
  onBytes(port: Port): void;
  /** What came from there was right. */
  onRight(port: Port): void;
  /** A question is over: answered, taken back by us, or answered with nothing, if at all. */
  onOver(port: Port, how: 'answered' | 'withdrawn' | 'vain'): void;
  /** It was asked for too long and gave nothing. */
  isVain(port: Port): boolean;
  /** For how long it has been asked since it last gave anything, in milliseconds. */
  vainMs(port: Port): number;
}

export interface UsefulnessParts {
  /** Those that are judged now. */
  readonly ports: ReadonlyMap<NodeId, Port>;
  /** Somebody is of no use any more. */
  readonly onVain: () => void;
  readonly clock: Clock;
}

interface Account {
  /** Questions that are not over. */
  open: number;
  /** It owes us something: a question is open, or was refused. */
  owes: boolean;
  vainMs: number;
  isProven: boolean;
}

export function createUsefulness({ ports, onVain, clock }: UsefulnessParts): Usefulness {
  const accounts = new Map<NodeId, Account>();
  let lookedAt = clock.now();

  const accountOf = ({ remote }: Port): Account => {
    const known = accounts.get(remote);
    if (known) return known;
    for (const node of accounts.keys()) {
      if (accounts.size < MAX_NODES) break;
      if (!ports.has(node)) accounts.delete(node);
    }
    const account = { open: 0, owes: false, vainMs: 0, isProven: false };
    accounts.set(remote, account);
    return account;
  };
  const isOver = ({ vainMs, isProven }: Account): boolean =>
    vainMs >= (isProven ? PROVEN_GRACE_MS : GRACE_MS);

  const look = (): void => {
    const passed = Math.min(MAX_LOOK_MS, Math.max(0, clock.now() - lookedAt));
    lookedAt = clock.now();
    let isNews = false;
    for (const [node, port] of ports) {
      const account = accounts.get(node);
      // Nothing can come that we do not allow.
      if (account?.owes !== true || port.allowed() === 0) continue;
      const before = isOver(account);
      account.vainMs += passed;
      isNews ||= isOver(account) !== before;
    }
    if (isNews) onVain();
  };

  return {
    start({ signal }) {
      lookedAt = clock.now();
      every(clock, () => LOOK_MS, look, { signal });
    },
    onAsked(port) {
      const account = accountOf(port);
      account.open += 1;
      account.owes = true;
    },
    onBytes(port) {
      accountOf(port).vainMs = 0;
    },
    onRight(port) {
      accountOf(port).isProven = true;
    },
    onOver(port, how) {
      const account = accountOf(port);
      account.open = Math.max(0, account.open - 1);
      if (how !== 'vain' && account.open === 0) account.owes = false;
    },
    isVain({ remote }) {
      const account = accounts.get(remote);
      return account !== undefined && isOver(account);
    },
    vainMs: ({ remote }) => accounts.get(remote)?.vainMs ?? 0,
  };
}
