import { createListeners, type Clock, type Log, errorText, createTokenBucket } from '@tabswarm/base';
import type { Link, Transport } from '@tabswarm/net';
import type { Bytes } from '@tabswarm/protocol/bytes';
import { compareDistance, type NodeId } from '@tabswarm/protocol/ids';
import { envelopeRoute, MAX_RELAY_HOPS, relayMessage } from '@tabswarm/protocol/introduction';
import type { Arrival, Introducer } from './introducer.ts';

/** How many peers are asked to carry an envelope when none is known to be linked to its target. */
const FAN_OUT = 3;
/** Paths and digests of what passed are remembered for so long, and no more than so many. */
const MEMORY_MS = 120_000;
const MEMORY_ENTRIES = 1_024;
/** Per link: what one peer may have carried, so that nobody becomes its relay for traffic. */
const RELAYS_PER_SECOND = 20;
const RELAY_BURST = 120;

interface Remembered<T> {
  readonly value: T;
  readonly until: number;
}

/** Carries envelopes over open links: our own to others, and other people's between tabs that we are linked to. */
export function createPeerIntroducer(
  transport: Pick<Transport, 'self' | 'links' | 'link' | 'onLink'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Introducer {
  const arrivals = createListeners<Arrival>();
  /** The link that an id's last envelope came from: the way back to it. */
  const paths = createMemory<NodeId, NodeId>(clock);
  const seen = createMemory<string, true>(clock);

  const pass = async (link: Link, envelope: Bytes, hops: number): Promise<boolean> => {
    try {
      await link
        .channel('introduction')
        .send(relayMessage.encode({ hops, envelope }), { signal: link.closed });
      return true;
    } catch (cause) {
      log.debug('could not hand an envelope on', { peer: link.remote, cause: errorText(cause) });
      return false;
    }
  };

  /** The nearest links to a node, by XOR; those beyond `limit` (when given) are no progress. */
  const towards = (to: NodeId, { except, nearerThan }: { except?: NodeId; nearerThan?: NodeId }): Link[] =>
    transport
      .links()
      .filter((link) => link.remote !== except)
      .filter((link) => nearerThan === undefined || compareDistance(to, link.remote, nearerThan) < 0)
      .toSorted((a, b) => compareDistance(to, a.remote, b.remote));

  const forward = async (from: NodeId, to: NodeId, envelope: Bytes, hops: number): Promise<void> => {
    const known = paths.get(to);
    const next =
      transport.link(to) ??
      (known === undefined || known === from ? undefined : transport.link(known)) ??
      towards(to, { except: from, nearerThan: transport.self })[0];
    if (!next || hops === 0) log.debug('nobody to hand an envelope on to', { to });
    else await pass(next, envelope, hops - 1);
  };

  const onRelay = async (link: Link, message: Uint8Array<ArrayBuffer>): Promise<void> => {
    const { hops, envelope } = relayMessage.decode(message);
    const { from, to, digest } = await envelopeRoute(envelope);
    if (from === transport.self || seen.get(digest)) return;
    seen.set(digest, true);
    paths.set(from, link.remote);
    if (to === transport.self) arrivals.emit({ envelope, via: link.remote });
    else await forward(link.remote, to, envelope, hops);
  };

  transport.onLink((link) => {
    const allowance = createTokenBucket(clock, RELAYS_PER_SECOND, RELAY_BURST);
    link.channel('introduction').receive((message) => {
      if (!allowance.take()) {
        log.warn('a peer has too much carried', { peer: link.remote });
        return;
      }
      onRelay(link, message).catch((cause: unknown) => {
        log.warn('closing a link: bad envelope', { peer: link.remote, cause: errorText(cause) });
        link.close('protocol-error');
      });
    });
  });

  return {
    name: 'peers',
    async carry(to, envelope, { via } = {}) {
      const known = [via, paths.get(to)].flatMap((id) => (id === undefined ? [] : [transport.link(id)]));
      const direct = known.filter((link) => link !== undefined);
      const carriers = direct.length > 0 ? direct.slice(0, 1) : towards(to, {}).slice(0, FAN_OUT);
      const taken = await Promise.all(carriers.map((link) => pass(link, envelope, MAX_RELAY_HOPS)));
      return taken.includes(true);
    },
    onEnvelope: (listener) => arrivals.subscribe(listener),
    // Peers do not say that they do not know somebody: silence is the answer.
    onAbsent: () => () => undefined,
  };
}

/** A bounded map whose entries grow old. */
function createMemory<K, V>(clock: Clock): { get(key: K): V | undefined; set(key: K, value: V): void } {
  const entries = new Map<K, Remembered<V>>();
  return {
    get(key) {
      const entry = entries.get(key);
      return entry && entry.until > clock.now() ? entry.value : undefined;
    },
    set(key, value) {
      entries.delete(key);
      entries.set(key, { value, until: clock.now() + MEMORY_MS });
      if (entries.size <= MEMORY_ENTRIES) return;
      const oldest = entries.keys().next();
      if (oldest.done !== true) entries.delete(oldest.value);
    },
  };
}
