import { type Clock, type Log, type Random, createTokenBucket, randomInt } from '@tabswarm/base';
import { UnreachableError, type Transport } from '@tabswarm/net';
import { CLOSEST_COUNT } from '@tabswarm/protocol/dht';
import type { NodeId } from '@tabswarm/protocol/ids';
import { closest, sharedBits } from '../distance.ts';
import {
  ALONE_RETRY_MS,
  BUCKET_LINKS,
  BUSY_PAUSE_MS,
  DIAL_BURST,
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

export function createDialer(parts: DialerParts, { signal }: { signal: AbortSignal }): Dialer {
  const { transport, table, contacts, backoff, policy, clock, random, log } = parts;
  const dialing = new Set<NodeId>();
  const tokens = createTokenBucket(clock, DIALS_PER_MINUTE / 60, DIAL_BURST);
  let pausedUntil = 0;
  let cancelWake: (() => void) | undefined;
  signal.addEventListener('abort', () => cancelWake?.(), { once: true });

  const wakeIn = (ms: number): void => {
    cancelWake?.();
    cancelWake = clock.after(ms, poke);
  };

  /** The contacts worth a link, whether or not they may be dialed just now. */
  const wanted = (): Contact[] => {
    const unlinked = [...contacts.all()].filter(({ id }) => !transport.link(id) && !dialing.has(id));
    if (table.size + dialing.size >= policy.max || unlinked.length === 0) return [];
    if (isSmallNetwork(policy, table, contacts)) return unlinked;
    const ids = [...table.ids(), ...dialing, ...unlinked.map(({ id }) => id)];
    const near = new Set(closest(table.self, ids, CLOSEST_COUNT));
    const nearest = unlinked.filter(({ id }) => near.has(id));
    if (nearest.length > 0 || table.size + dialing.size >= policy.target) return nearest;
    const fill = new Map<number, number>();
    for (const id of [...table.ids(), ...dialing]) {
      const bucket = sharedBits(table.self, id);
      fill.set(bucket, (fill.get(bucket) ?? 0) + 1);
    }
    const filled = ({ id }: Contact): number => fill.get(sharedBits(table.self, id)) ?? 0;
    const least = Math.min(...unlinked.map(filled));
    return least < BUCKET_LINKS ? unlinked.filter((contact) => filled(contact) === least) : [];
  };

  /** Any of those that failed least often, so that dead contacts do not use up the dials of live ones. */
  const choose = (ready: readonly Contact[]): Contact | undefined => {
    const fewest = Math.min(...ready.map(({ id }) => backoff.failures(id)));
    const best = ready.filter(({ id }) => backoff.failures(id) === fewest);
    return best[randomInt(random, best.length)];
  };

  const dial = async (contact: Contact): Promise<void> => {
    dialing.add(contact.id);
    const via = contact.via.find((node) => table.has(node));
    try {
      await transport.dial(contact.id, { signal, via });
      backoff.succeeded(contact.id);
    } catch (cause) {
      if (signal.aborted) return;
      noteFailure(contact.id, cause);
    } finally {
      dialing.delete(contact.id);
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
      backoff.wait(node, REFUSED_BACKOFF_MS);
      contacts.forget(node);
    } else if (backoff.failed(node) >= MAX_DIAL_FAILURES) {
      contacts.forget(node);
    }
  };

  function poke(): void {
    if (signal.aborted) return;
    cancelWake?.();
    while (dialing.size < MAX_DIALS_AT_ONCE) {
      const now = clock.now();
      const candidates = wanted();
      if (candidates.length === 0) return;
      const startOf = ({ id, dialAfter }: Contact): number =>
        Math.max(dialAfter, backoff.until(id), pausedUntil);
      const next = choose(candidates.filter((contact) => startOf(contact) <= now));
      if (!next) {
        wakeIn(Math.min(...candidates.map(startOf)) - now);
        return;
      }
      if (!tokens.take()) {
        wakeIn(tokens.waitMs());
        return;
      }
      void dial(next);
    }
  }

  return { poke };
}
