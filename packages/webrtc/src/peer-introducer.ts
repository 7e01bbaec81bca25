import { createListeners, errorText, withTimeout, type Clock, type Log } from '@tabswarm/base';
import type { Link, Transport } from '@tabswarm/net';
import type { Bytes } from '@tabswarm/protocol/bytes';
import { compareDistance, type NodeId } from '@tabswarm/protocol/ids';
import {
  envelopeRoute,
  INTRODUCTION_VERSION,
  MAX_CLOCK_SKEW_MS,
  MAX_RELAY_HOPS,
  relayMessage,
  type EnvelopeRoute,
} from '@tabswarm/protocol/introduction';
import type { Arrival, Introducer } from './introducer.ts';
import { createRecent } from './recent.ts';
import { createRelayLimits } from './relay-limits.ts';

/*
 * Envelopes find their way as lookups do, over open links toward the id of the node that they are for. A knock has
 * nobody's word that its way leads anywhere, and some tabs drop what they should carry: it sets out on several ways, and
 * forks. The first copy to arrive has found a way; all that follows goes back and forth along that one.
 */

/** Links that a knock of ours sets out on. Each repetition takes others. */
const FAN_OUT = 3;
/** Links that a knock is handed on to. Most copies meet again soon, and a tab hands on each envelope once. */
const FORK = 2;
/** Links that are tried for one envelope: some may be closing, or not take anything. */
const MAX_TRIES = 4;
/** A link that has no room for so long counts as closed. */
const PASS_LIMIT_MS = 1_000;
/** A step to a tab that is no nearer to the target costs so many hops: two or three of them lead out of a dead end. */
const DETOUR_HOPS = 4;
/** Nothing came back for so long: the next envelope takes other links. Sooner than a knock is repeated. */
const UNANSWERED_MS = 700;
/** Ways and digests of what passed are remembered for so long, and no more than so many. */
const MEMORY_MS = 120_000;
const MEMORY_ENTRIES = 1_024;

/** Links over which a node was looked for, and nothing has come from it since. */
interface Asking {
  readonly since: number;
  readonly tried: Set<NodeId>;
}

/** Carries envelopes over open links: our own to others, and other people's between tabs that are not linked. */
export function createPeerIntroducer(
  transport: Pick<Transport, 'self' | 'links' | 'link' | 'onLink'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Introducer {
  const memory = { ms: MEMORY_MS, entries: MEMORY_ENTRIES };
  const arrivals = createListeners<Arrival>();
  /** The link that the first copy of a node's last envelope came over: the way back to it. */
  const ways = createRecent<NodeId, NodeId>(clock, memory);
  const seen = createRecent<string, true>(clock, memory);
  const asking = createRecent<NodeId, Asking>(clock, memory);
  const limits = createRelayLimits(clock);

  const pass = async (link: Link, envelope: Bytes, hops: number): Promise<boolean> => {
    const message = relayMessage.encode({ hops, envelope });
    const send = (signal: AbortSignal) => link.channel('introduction').send(message, { signal });
    try {
      await withTimeout(clock, PASS_LIMIT_MS, send, { signal: link.closed, what: 'handing on' });
      return true;
    } catch (cause) {
      log.debug('could not hand an envelope on', { peer: link.remote, cause: errorText(cause) });
      return false;
    }
  };

  /** Hands it to the first `wanted` of these links that take it. Returns how many did. */
  const passTo = async (
    links: readonly Link[],
    wanted: number,
    envelope: Bytes,
    hops: number,
  ): Promise<number> => {
    let taken = 0;
    const tries = links.slice(0, MAX_TRIES);
    while (tries.length > 0 && taken < wanted) {
      const batch = tries.splice(0, wanted - taken);
      const results = await Promise.all(batch.map((link) => pass(link, envelope, hops)));
      taken += results.filter(Boolean).length;
    }
    return taken;
  };

  /** The open links, those nearest to a node first. */
  const towards = (to: NodeId): Link[] =>
    transport.links().toSorted((a, b) => compareDistance(to, a.remote, b.remote));

  const wayTo = (to: NodeId): Link | undefined => {
    const direct = transport.link(to);
    if (direct) return direct;
    const way = ways.get(to);
    return way === undefined ? undefined : transport.link(way);
  };

  /** Somebody else's envelope goes on, or ends here. */
  const forward = async (
    { kind, from, to }: EnvelopeRoute,
    before: NodeId,
    envelope: Bytes,
    hops: number,
  ): Promise<void> => {
    if (hops === 0) return;
    const others = towards(to).filter(({ remote }) => remote !== before && remote !== from);
    const direct = transport.link(to);
    const way = wayTo(to);
    const nearer = others.filter(({ remote }) => compareDistance(to, remote, transport.self) < 0);
    const best = way && way.remote !== before ? [way, ...nearer.filter((link) => link !== way)] : nearer;
    const wanted = kind === 'knock' && !direct ? FORK : 1;
    if ((await passTo(best, wanted, envelope, hops - 1)) > 0) return;
    const detours = others.filter((link) => !best.includes(link));
    if (hops > DETOUR_HOPS && (await passTo(detours, 1, envelope, hops - DETOUR_HOPS)) > 0) return;
    log.debug('nobody to hand an envelope on to', { to });
  };

  const onRelay = async (link: Link, message: Uint8Array<ArrayBuffer>): Promise<void> => {
    const { hops, envelope } = relayMessage.decode(message);
    const route = await envelopeRoute(envelope);
    const { kind, from, to, digest, time, version } = route;
    if (from === transport.self || seen.get(digest)) return;
    if (Math.abs(time - clock.now()) > MAX_CLOCK_SKEW_MS) return;
    const refuse = (limit: string): void =>
      log.warn('too much to carry', { peer: link.remote, from, to, limit });
    if (to !== transport.self && !limits.forAnybody()) {
      refuse('total');
      return;
    }
    seen.set(digest, true);
    if (!(await route.isAuthentic())) {
      log.warn('a forged envelope', { peer: link.remote, to });
      // Whoever speaks our version checks what it carries, so this one made it. Others may sign in another way.
      if (version === INTRODUCTION_VERSION) link.close('protocol-error');
      return;
    }
    // The bodies of candidates are not signed: copies of one pass for others, and may have come by anybody.
    if (kind !== 'candidate' || wayTo(from) === undefined) ways.set(from, link.remote);
    if (to === transport.self) {
      asking.delete(from);
      arrivals.emit({ envelope, via: link.remote, from, opened: route.envelope });
      return;
    }
    const refusal = limits.refusal({ from, to, bytes: message.byteLength });
    // Not waited for: a link that takes nothing holds up nobody else. What goes over one link stays in order.
    if (refusal === undefined) void forward(route, link.remote, envelope, hops);
    else refuse(refusal);
  };

  transport.onLink((link) => {
    const allows = limits.forLink();
    // One after the other: a candidate must not overtake its offer while that is being verified.
    let queue = Promise.resolve();
    link.channel('introduction').receive((message) => {
      if (!allows(message.byteLength)) {
        log.warn('a peer has too much carried', { peer: link.remote });
        return;
      }
      queue = queue
        .then(() => onRelay(link, message))
        .catch((cause: unknown) => {
          log.warn('closing a link: bad envelope', { peer: link.remote, cause: errorText(cause) });
          link.close('protocol-error');
        });
    });
  });

  /** Where an envelope of ours sets out: along the way that is known to lead there, else on several. */
  const carry = async (to: NodeId, envelope: Bytes, via: NodeId | undefined): Promise<boolean> => {
    const now = clock.now();
    const before = asking.get(to);
    const way = wayTo(to);
    const isAnswered = before === undefined || now - before.since < UNANSWERED_MS;
    const state = before ?? { since: now, tried: new Set() };
    asking.set(to, state);
    if (way && isAnswered && (await passTo([way], 1, envelope, MAX_RELAY_HOPS)) > 0) {
      state.tried.add(way.remote);
      return true;
    }
    const hint = via === undefined ? undefined : transport.link(via);
    const all = [...new Set([...(hint ? [hint] : []), ...(way ? [way] : []), ...towards(to)])];
    const fresh = all.filter(({ remote }) => !state.tried.has(remote));
    // Where all have been tried, they are tried again: a tab on the way may have found new links.
    if (fresh.length === 0) state.tried.clear();
    const chosen = fresh.length > 0 ? fresh : all;
    for (const { remote } of chosen.slice(0, FAN_OUT)) state.tried.add(remote);
    return (await passTo(chosen, FAN_OUT, envelope, MAX_RELAY_HOPS)) > 0;
  };

  return {
    name: 'peers',
    carry: (to, envelope, { via } = {}) => carry(to, envelope, via),
    onEnvelope: (listener) => arrivals.subscribe(listener),
    // Peers do not say that they do not know somebody: silence is the answer.
    onAbsent: () => () => undefined,
  };
}
