import type { Clock, Random } from '@tabswarm/base';
import type { Dht, NodeLookup } from '@tabswarm/dht';
import type { Link, LinkStats, Transport } from '@tabswarm/net';
import { ID_BYTES, idFromBytes, type Id, type NodeId } from '@tabswarm/protocol/ids';
import type { NetworkView, PeerView } from './snapshot.ts';

/** A rate is the mean of so long: short enough to follow, long enough to be read. */
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
}

export function createNetwork({ transport, dht, clock, random }: NetworkParts): Network {
  /** By link and not by node: a link made anew counts from nothing. The first one is where the window begins. */
  const windows = new WeakMap<Link, [Sample, ...Sample[]]>();

  const ratesOf = (link: Link, stats: LinkStats): Pick<PeerView, 'downRate' | 'upRate'> => {
    const at = clock.now();
    const samples = windows.get(link) ?? [{ at: stats.openedAt, sent: 0, received: 0 }];
    windows.set(link, samples);
    if (at - (samples.at(-1) ?? samples[0]).at >= MIN_SAMPLE_MS) {
      samples.push({ at, sent: stats.bytesSent, received: stats.bytesReceived });
    }
    while (samples[1] && at - samples[1].at >= RATE_WINDOW_MS) samples.shift();
    const [first] = samples;
    const last = samples.at(-1) ?? first;
    const seconds = (last.at - first.at) / 1_000;
    if (seconds === 0) return { downRate: 0, upRate: 0 };
    return {
      downRate: (last.received - first.received) / seconds,
      upRate: (last.sent - first.sent) / seconds,
    };
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
        const { downRate, upRate } = ratesOf(link, stats);
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
