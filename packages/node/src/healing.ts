import { errorText, every, type Clock, type Log } from '@tabswarm/base';
import type { Dht } from '@tabswarm/dht';
import type { Transport } from '@tabswarm/net';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { PeerBook } from '@tabswarm/store/peer-book';
import type { Signaling } from '@tabswarm/webrtc';
import { inOrder, remember } from './remembered-peers.ts';

/** With no link at all, servers are asked again for peers, and remembered ones are looked for. */
const LONELY_MS = 5_000;
/** Remembered peers looked for at once: most may be gone, and dials are few. */
const NAMED_AT_ONCE = 8;
/** Where there are links, some that once were are looked for now and then: they may be in a part that broke off. */
const REUNITE_MS = 120_000;
const NAMED_TO_REUNITE = 2;
/** How often the links of this tab are noted down. */
const NOTE_MS = 60_000;
const FIRST_NOTE_MS = 5_000;
/** A turn so much later than it should be says that the machine slept. */
const SLEPT_MS = 60_000;
const TURN_MS = 5_000;
/** Events of the page come in bunches. */
const WAKE_PAUSE_MS = 5_000;
/** By then links that did not survive have ended. */
const LOST_BY_MS = 9_000;

/** Keeps a tab in the network, or brings it back: after a sleep, without a server, after the network broke in two. */
export interface Healing {
  /** Until the signal aborts. */
  start(options: { readonly signal: AbortSignal }): void;
  /** Time may have passed unnoticed, or the network be another. */
  wake(): void;
}

export interface HealingParts {
  readonly transport: Pick<Transport, 'links' | 'link'> & { wake?(): void };
  readonly dht: Pick<Dht, 'addContacts' | 'wake'>;
  readonly signaling?: Pick<Signaling, 'state' | 'more' | 'wake'> | undefined;
  readonly book?: PeerBook | undefined;
  /** Something may be found now that was not before. */
  readonly onWake: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export function createHealing({
  transport,
  dht,
  signaling,
  book,
  onWake,
  clock,
  log,
}: HealingParts): Healing {
  let running: AbortSignal | undefined;
  let wokenAt = -Infinity;
  /** Where to go on in the book. */
  let page = 0;

  const isAlone = (): boolean => transport.links().length === 0;

  /** Without anybody who could introduce us, dials fail at once, and are not repeated soon. */
  const canBeIntroduced = (): boolean => !isAlone() || signaling?.state.get().state === 'connected';

  const name = async (count: number): Promise<void> => {
    const peers = inOrder((await book?.all()) ?? []);
    const known = peers.map(({ id }) => id).filter((id) => !transport.link(id));
    if (running?.aborted !== false || known.length === 0 || !canBeIntroduced()) return;
    const start = page % known.length;
    page = start + count;
    dht.addContacts([...known.slice(start), ...known.slice(0, start)].slice(0, count));
  };

  const nameSome = (count: number): void => {
    name(count).catch((cause: unknown) =>
      log.warn('could not read which peers there were', { cause: errorText(cause) }),
    );
  };

  const note = (): void => {
    const now = clock.now();
    const seen = transport.links().map((link): { id: NodeId; linkedMs: number } => ({
      id: link.remote,
      linkedMs: now - link.stats().openedAt,
    }));
    if (seen.length === 0 || !book) return;
    book
      .update((peers) => remember(peers, seen, now))
      .catch((cause: unknown) => log.warn('could not note the peers', { cause: errorText(cause) }));
  };

  /** Who could not be reached before may be now. */
  const lookAround = (): void => {
    if (running?.aborted !== false || !isAlone()) return;
    page = 0;
    dht.wake();
    nameSome(NAMED_AT_ONCE);
  };

  const wake = (): void => {
    const now = clock.now();
    if (running?.aborted !== false || now - wokenAt < WAKE_PAUSE_MS) return;
    wokenAt = now;
    transport.wake?.();
    signaling?.wake();
    onWake();
    lookAround();
    // Only then is it known which links are gone.
    clock.after(LOST_BY_MS, lookAround);
  };

  /** Calls back each time that a server takes us in. */
  const onConnected = (listener: () => void): (() => void) | undefined => {
    let before = signaling?.state.get().state;
    return signaling?.state.subscribe(() => {
      const { state } = signaling.state.get();
      if (state === 'connected' && before !== state) listener();
      before = state;
    });
  };

  return {
    wake,
    start({ signal }) {
      running = signal;
      page = 0;
      let turnAt = clock.now();
      every(
        clock,
        () => TURN_MS,
        () => {
          const late = clock.now() - turnAt - TURN_MS;
          turnAt = clock.now();
          if (late <= SLEPT_MS) return;
          log.info('woke up', { seconds: Math.round(late / 1_000) });
          wake();
        },
        { signal },
      );
      every(
        clock,
        () => LONELY_MS,
        () => {
          if (!isAlone()) return;
          signaling?.more();
          nameSome(NAMED_AT_ONCE);
        },
        { signal },
      );
      every(
        clock,
        () => REUNITE_MS,
        () => nameSome(NAMED_TO_REUNITE),
        { signal },
      );
      const cancelFirst = clock.after(FIRST_NOTE_MS, note);
      signal.addEventListener('abort', cancelFirst, { once: true });
      every(clock, () => NOTE_MS, note, { signal });
      const unsubscribe = onConnected(lookAround);
      signal.addEventListener('abort', () => unsubscribe?.(), { once: true });
      lookAround();
    },
  };
}
