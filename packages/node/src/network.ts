import type { Clock, Random } from '@tabswarm/base';
import type { Dht, NodeLookup } from '@tabswarm/dht';
import type { Link, LinkStats, Transport } from '@tabswarm/net';
import { ID_BYTES, idFromBytes, type Id, type NodeId } from '@tabswarm/protocol/ids';
import type { NetworkView, PeerView } from './snapshot.ts';

/** A rate is averaged over about so long: short enough to follow, long enough to be read. */
const RATE_WINDOW_MS = 2_000;
/** Counters read more often than this say nothing of a rate. */
const MIN_SAMPLE_MS = 250;

/** The links of this tab and its place in the overlay, for a screen that draws them. */
export interface Network {
  /** The linked tabs, those that joined the overlay with their place in it. Each call takes a sample of the rates. */
  peers(): readonly PeerView[];
  view(): NetworkView;
  /** Looks for the nodes nearest to a random place: for somebody who wants to see a lookup. Throws a NoNetworkError. */
  explore(): Promise<NodeLookup>;
}

export interface NetworkParts {
  readonly transport: Transport;
  readonly dht: Dht;
  readonly clock: Clock;
  readonly random: Random;
}

interface Sample {
  readonly at: number;
  readonly sent: number;
  readonly received: number;
  /** Bytes per second. */
  readonly upRate: number;
  readonly downRate: number;
}

export function createNetwork({ transport, dht, clock, random }: NetworkParts): Network {
  /** By link and not by node: a link made anew counts from nothing. */
  const samples = new WeakMap<Link, Sample>();

  const sampled = (link: Link, { openedAt, bytesSent: sent, bytesReceived: received }: LinkStats): Sample => {
    const at = clock.now();
    const last = samples.get(link) ?? { at: openedAt, sent: 0, received: 0, upRate: 0, downRate: 0 };
    const elapsed = at - last.at;
    if (elapsed < MIN_SAMPLE_MS) return last;
    // What is older than the window has no say; what is younger counts for its part of it.
    const weight = Math.min(1, elapsed / RATE_WINDOW_MS);
    const average = (before: number, bytes: number): number =>
      before + weight * ((1_000 * bytes) / elapsed - before);
    const next = {
      at,
      sent,
      received,
      upRate: average(last.upRate, sent - last.sent),
      downRate: average(last.downRate, received - last.received),
    };
    samples.set(link, next);
    return next;
  };

  return {
    peers() {
      const { buckets } = dht.state.get();
      const places = new Map<NodeId, number>(
        buckets.flatMap(({ bucket, nodes }) => nodes.map((node) => [node, bucket] as const)),
      );
      return transport.links().map((link) => {
        const stats = link.stats();
        const { openedAt, rttMs, bytesSent, bytesReceived } = stats;
        const { downRate, upRate } = sampled(link, stats);
        const id = link.remote;
        const bucket = places.get(id);
        return { id, bucket, since: openedAt, rttMs, bytesSent, bytesReceived, downRate, upRate };
      });
    },
    view() {
      const { contacts, traces } = dht.state.get();
      return { contacts, lookups: traces };
    },
    explore: () => dht.findNode(idFromBytes<Id>(random.bytes(ID_BYTES))),
  };
}
