import { type Clock, type Log, type Random, createTokenBucket, randomInt } from '@tabswarm/base';
import { UnreachableError, type Transport } from '@tabswarm/net';
import { CLOSEST_COUNT } from '@tabswarm/protocol/dht';
import { compareDistance, type NodeId } from '@tabswarm/protocol/ids';
import { closest, sharedBits } from '../distance.ts';
import {
  ALONE_RETRY_MS,
  BUCKET_LINKS,
  BUSY_PAUSE_MS,
  DIAL_BURST,
  DIAL_DELAY_MS,
  DIALS_PER_MINUTE,
  MAX_DIAL_FAILURES,
  MAX_DIALS_AT_ONCE,
  REFUSED_BACKOFF_MS,
} from '../limits.ts';
import type { Backoff } from './backoff.ts';
import type { Contact, Contacts } from './contacts.ts';
import { isSmallNetwork, type LinkPolicy } from './link-policy.ts';
import type { RoutingTable } from './table.ts';

/** Decides which contacts become links, and when. Nothing else in the overlay dials; a lookup never does. */
export interface Dialer {
  /** Something has changed: look again. */
  poke(): void;
  /** Whatever kept this tab from dialing is over. */
  wake(): void;
  /** Dials one node whether or not its link is wanted, within the same limits. */
  probe(node: NodeId): void;
}

export interface DialerParts {
  readonly transport: Transport;
  readonly table: RoutingTable;
  readonly contacts: Contacts;
  readonly backoff: Backoff;
  readonly policy: LinkPolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface Group {
  readonly contacts: Iterable<Contact>;
  /** Whether the nearest goes first, or any. */
  readonly nearestFirst: boolean;
}

export function createDialer(parts: DialerParts, { signal }: { signal: AbortSignal }): Dialer {
  const { transport, table, contacts, backoff, policy, clock, random, log } = parts;
  const dialing = new Set<NodeId>();
  const tokens = createTokenBucket(clock, DIALS_PER_MINUTE / 60, DIAL_BURST);
  let pausedUntil = 0;
  /** Something has changed, and is looked at in a moment. */
  let isPoked = false;
  let cancelWake: (() => void) | undefined;
  signal.addEventListener('abort', () => cancelWake?.(), { once: true });

  const wakeIn = (ms: number): void => {
    cancelWake?.();
    cancelWake = clock.after(ms, look);
  };

  /** When a contact may be dialed, in milliseconds since the Unix epoch. */
  const startOf = ({ id, dialAfter }: Contact): number => Math.max(dialAfter, backoff.until(id), pausedUntil);

  /** Nodes that are linked, or will be if a dial succeeds. */
  const taken = (): NodeId[] => [...table.ids(), ...dialing];

  /**
   * The contacts worth a link, in groups: first those nearer than our eighth nearest link, then bucket by bucket, the
   * emptiest first. The next group counts where nobody of the one before may be dialed now.
   */
  function* wanted(): Generator<Group> {
    const linked = taken();
    if (linked.length >= policy.max) return;
    if (isSmallNetwork(policy, table, contacts)) {
      yield { contacts: contacts.all(), nearestFirst: false };
      return;
    }
    const eighth = closest(table.self, linked, CLOSEST_COUNT)[CLOSEST_COUNT - 1];
    yield { contacts: nearerThan(eighth), nearestFirst: true };
    if (linked.length >= policy.target) return;
    const fill = new Map<number, number>();
    for (const id of linked) {
      const bucket = sharedBits(table.self, id);
      fill.set(bucket, (fill.get(bucket) ?? 0) + 1);
    }
    const filled = (bucket: number): number => fill.get(bucket) ?? 0;
    const thin = [...contacts.buckets()].filter((bucket) => filled(bucket) < BUCKET_LINKS);
    for (const bucket of thin.toSorted((a, b) => filled(a) - filled(b))) {
      yield { contacts: contacts.bucket(bucket), nearestFirst: false };
    }
  }

  function* nearerThan(eighth: NodeId | undefined): Generator<Contact> {
    const depth = eighth === undefined ? 0 : sharedBits(table.self, eighth);
    for (const bucket of contacts.buckets()) {
      if (bucket < depth) continue;
      for (const contact of contacts.bucket(bucket)) {
        if (eighth === undefined || compareDistance(table.self, contact.id, eighth) < 0) yield contact;
      }
    }
  }

  /** Whom to dial now, or when to look again where there is somebody to dial later. */
  const next = (): { contact?: Contact; at: number } => {
    const now = clock.now();
    let at = Infinity;
    for (const group of wanted()) {
      const ready: Contact[] = [];
      for (const contact of group.contacts) {
        if (dialing.has(contact.id) || transport.link(contact.id)) continue;
        const start = startOf(contact);
        if (start <= now) ready.push(contact);
        else at = Math.min(at, start);
      }
      const contact = choose(ready, group.nearestFirst);
      if (contact) return { contact, at: now };
    }
    return { at };
  };

  /** One of those that failed least often, so that dead contacts do not use up the dials of live ones. */
  const choose = (ready: readonly Contact[], nearestFirst: boolean): Contact | undefined => {
    if (ready.length < 2) return ready[0];
    const fewest = Math.min(...ready.map(({ id }) => backoff.failures(id)));
    const best = ready.filter(({ id }) => backoff.failures(id) === fewest);
    if (!nearestFirst) return best[randomInt(random, best.length)];
    return best.reduce((a, b) => (compareDistance(table.self, a.id, b.id) <= 0 ? a : b));
  };

  const dial = async (id: NodeId, via?: NodeId): Promise<void> => {
    dialing.add(id);
    try {
      await transport.dial(id, { signal, via });
      backoff.succeeded(id);
    } catch (cause) {
      if (signal.aborted) return;
      noteFailure(id, cause);
    } finally {
      dialing.delete(id);
      poke();
    }
  };

  const noteFailure = (node: NodeId, cause: unknown): void => {
    const reason = cause instanceof UnreachableError ? cause.reason : 'absent';
    log.debug('dial came to nothing', { node, reason });
    if (reason === 'busy' || reason === 'stopped') {
      pausedUntil = clock.now() + BUSY_PAUSE_MS;
    } else if (reason === 'declined' && table.size === 0) {
      // Full, perhaps only for now; and whom else could a newcomer ask?
      backoff.wait(node, ALONE_RETRY_MS);
    } else if (reason === 'declined' || reason === 'incompatible') {
      backoff.wait(node, REFUSED_BACKOFF_MS, { refused: true });
      contacts.forget(node);
    } else if (backoff.failed(node) >= MAX_DIAL_FAILURES) {
      contacts.forget(node);
    }
  };

  function poke(): void {
    if (signal.aborted || isPoked) return;
    isPoked = true;
    cancelWake?.();
    cancelWake = clock.after(DIAL_DELAY_MS, look);
  }

  function look(): void {
    isPoked = false;
    while (dialing.size < MAX_DIALS_AT_ONCE) {
      const waitMs = tokens.waitMs();
      if (waitMs > 0) {
        // Whom to dial then is decided then.
        if (contacts.size > 0) wakeIn(waitMs);
        return;
      }
      const { contact, at } = next();
      if (!contact) {
        if (at < Infinity) wakeIn(at - clock.now());
        return;
      }
      tokens.take();
      // dial() notes its own failures.
      void dial(
        contact.id,
        contact.via.find((node) => table.has(node)),
      );
    }
  }

  return {
    poke,
    wake() {
      backoff.forgive();
      pausedUntil = 0;
      poke();
    },
    probe(node) {
      const full = table.size + dialing.size >= policy.max || dialing.size >= MAX_DIALS_AT_ONCE;
      if (full || dialing.has(node) || transport.link(node) || !tokens.take()) return;
      void dial(node);
    },
  };
}
