/*
 * What one client may cost. The server is public and keeps no accounts, so every number that a stranger controls has
 * a bound here, and crossing it ends that stranger's connection and nobody else's.
 */
export interface Limits {
  /** Sockets in all; above it an upgrade is answered with HTTP 503. */
  readonly maxSockets: number;
  /** Sockets of one IPv4 address or one IPv6 /56, the block that one household usually has. */
  readonly maxSocketsPerAddress: number;
  /** The same for this machine itself, where one person tries out many tabs. */
  readonly maxSocketsOnLoopback: number;
  /** Opening eight links with trickled candidates takes about a hundred messages at once, and then almost none. */
  readonly messagesPerSecond: number;
  readonly messageBurst: number;
  /** A client that reads slower than it is written to is dropped at this backlog. */
  readonly maxBufferedBytes: number;
  /** From the challenge to the hello. */
  readonly signInMs: number;
  /** Between two pings. A client that has not answered one by the next is gone. */
  readonly heartbeatMs: number;
  /** A ping unanswered for so long means that this client is not introduced to anybody. */
  readonly doubtMs: number;
  /** What closes is given so long to say goodbye before its connection is cut. */
  readonly closeMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxSockets: 10_000,
  maxSocketsPerAddress: 32,
  maxSocketsOnLoopback: 1_024,
  messagesPerSecond: 50,
  messageBurst: 250,
  maxBufferedBytes: 256 * 1024,
  signInMs: 5_000,
  heartbeatMs: 25_000,
  doubtMs: 5_000,
  closeMs: 1_000,
};

/** A token bucket: `burst` at once, `perSecond` in the long run. */
export interface TokenBucket {
  /** Takes one token; false where none is left. */
  take(): boolean;
}

export function createTokenBucket(
  now: () => number,
  { perSecond, burst }: { perSecond: number; burst: number },
): TokenBucket {
  let tokens = burst;
  let filledAt = now();
  return {
    take() {
      const time = now();
      tokens = Math.min(burst, tokens + ((time - filledAt) / 1_000) * perSecond);
      filledAt = time;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}

/** Counts sockets by address. */
export interface AddressCounter {
  /** Counts one more; false, and not counted, where the address has as many as it may. */
  enter(address: string): boolean;
  leave(address: string): void;
}

export function createAddressCounter(
  limits: Pick<Limits, 'maxSocketsPerAddress' | 'maxSocketsOnLoopback'>,
): AddressCounter {
  const counts = new Map<string, number>();
  return {
    enter(address) {
      const key = addressGroup(address);
      const count = counts.get(key) ?? 0;
      const max = key === LOOPBACK ? limits.maxSocketsOnLoopback : limits.maxSocketsPerAddress;
      if (count >= max) return false;
      counts.set(key, count + 1);
      return true;
    },
    leave(address) {
      const key = addressGroup(address);
      const left = (counts.get(key) ?? 0) - 1;
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
    },
  };
}

const LOOPBACK = 'loopback';

/** What counts as one address: an IPv4 address, the first 56 bits of an IPv6 address, or this machine. */
export function addressGroup(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  if (plain === '::1' || plain.startsWith('127.')) return LOOPBACK;
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = (plain.split('%')[0] ?? '').split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array.from({ length: zeros }, () => '0'), ...last].map(
    (group) => Number.parseInt(group, 16) || 0,
  );
  const [a = 0, b = 0, c = 0, d = 0] = groups;
  return [a, b, c, d >> 8].map((group) => group.toString(16)).join(':');
}
