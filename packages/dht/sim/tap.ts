import type { Channel, Link, Transport } from '@tabswarm/net';
import { toHex } from '@tabswarm/protocol/bytes';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Causes } from './causes.ts';

/** What one node has cost so far. */
export interface Meter {
  messages: number;
  bytes: number;
  dials: number;
  /** Those of them that a lookup led to. */
  dialsOfLookups: number;
  /** The most links that it ever had. */
  mostLinks: number;
}

/** Counts the messages of chosen lookups, of all nodes and on all hops. */
export interface LookupTap {
  /** Counts from now on; returns what ends it and gives the count. */
  watch(lookup: string): () => number;
  sent(from: NodeId, to: NodeId, message: Uint8Array): void;
}

/** How messages begin (bencoded dictionaries, sorted by key), so that nothing is decoded for the sake of counting. */
const REQUEST = ascii('d6:budgeti');
const FORWARDED = ascii('d2:idi');
const REPLY = ascii('d8:answeredl');
const LOOKUP = ascii('6:lookup8:');
const LOOKUP_BYTES = 8;
const ID = ascii('2:idi');

export function createLookupTap(): LookupTap {
  const counts = new Map<string, number>();
  /** Requests of watched lookups under way, by link and number. */
  const requests = new Map<string, string>();

  return {
    watch(lookup) {
      counts.set(lookup, 0);
      return () => {
        const count = counts.get(lookup) ?? 0;
        counts.delete(lookup);
        for (const [name, of] of requests) if (of === lookup) requests.delete(name);
        return count;
      };
    },
    sent(from, to, message) {
      if (counts.size === 0) return;
      let lookup: string | undefined;
      if (startsWith(message, REQUEST)) {
        const at = indexOf(message, LOOKUP, REQUEST.length);
        lookup = toHex(message.subarray(at + LOOKUP.length, at + LOOKUP.length + LOOKUP_BYTES));
        if (counts.has(lookup)) requests.set(`${from} ${to} ${idOf(message, REQUEST.length)}`, lookup);
      } else if (startsWith(message, FORWARDED)) {
        lookup = requests.get(`${to} ${from} ${idOf(message, 0)}`);
      } else if (startsWith(message, REPLY)) {
        lookup = requests.get(`${to} ${from} ${idOf(message, endOfIds(message))}`);
      }
      const count = lookup === undefined ? undefined : counts.get(lookup);
      if (lookup !== undefined && count !== undefined) counts.set(lookup, count + 1);
    },
  };
}

export interface Watcher {
  readonly meter: Meter;
  readonly tap: LookupTap;
  readonly causes: Causes;
  /** Takes a message before the node does; true where it is dealt with. */
  readonly intercept?: ((message: Uint8Array<ArrayBuffer>, link: Link) => boolean) | undefined;
}

/** The transport as it is, with somebody looking on, and perhaps getting in the way. */
export function tapped(transport: Transport, { meter, tap, causes, intercept }: Watcher): Transport {
  const wrapped = new WeakMap<Link, Link>();
  const wrap = (link: Link): Link => {
    const known = wrapped.get(link);
    if (known) return known;
    const channel = link.channel('dht');
    const dht: Channel = {
      maxBytes: channel.maxBytes,
      receive: (receiver) =>
        channel.receive((message) => {
          if (intercept?.(message, link) !== true) receiver(message);
        }),
      send(message, options) {
        meter.messages += 1;
        meter.bytes += message.byteLength;
        tap.sent(transport.self, link.remote, message);
        return channel.send(message, options);
      },
    };
    const watching: Link = {
      remote: link.remote,
      bulk: link.bulk,
      closed: link.closed,
      stats: () => link.stats(),
      // A neighbour that lied to a lookup is expelled, and that its place is taken then is upkeep.
      close: (reason) => causes.end(() => link.close(reason)),
      channel: (protocol) => (protocol === 'dht' ? dht : link.channel(protocol)),
    };
    wrapped.set(link, watching);
    return watching;
  };

  transport.onLink(() => {
    // Links grow in number here only, so this is the most at any tick.
    meter.mostLinks = Math.max(meter.mostLinks, transport.links().length);
  });
  return {
    self: transport.self,
    links: () => transport.links().map(wrap),
    link(node) {
      const link = transport.link(node);
      return link && wrap(link);
    },
    async dial(node, options) {
      meter.dials += 1;
      if (causes.isCaused()) meter.dialsOfLookups += 1;
      return wrap(await transport.dial(node, options));
    },
    onLink: (listener) => transport.onLink((link) => listener(wrap(link))),
    start: () => transport.start(),
    stop: () => transport.stop(),
  };
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array, at = 0): boolean {
  for (let i = 0; i < prefix.length; i += 1) if (bytes[at + i] !== prefix[i]) return false;
  return true;
}

function indexOf(bytes: Uint8Array, part: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && !startsWith(bytes, part, at)) at += 1;
  return at;
}

/** Past the list `answered` of a reply, whose ids could hold any bytes. */
function endOfIds(message: Uint8Array): number {
  let at = REPLY.length;
  while (startsWith(message, ascii('32:'), at)) at += 3 + 32;
  return at;
}

function idOf(message: Uint8Array, from: number): number {
  let at = indexOf(message, ID, from) + ID.length;
  let id = 0;
  for (let byte = message[at]; byte !== undefined && byte >= 0x30 && byte <= 0x39; byte = message[at]) {
    id = id * 10 + byte - 0x30;
    at += 1;
  }
  return id;
}
