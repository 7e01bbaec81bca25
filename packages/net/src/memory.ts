import { createListeners, type Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { MAX_PAYLOAD_BYTES, type CloseReason, type ProtocolName } from '@tabswarm/protocol/link';
import { createInbox, type Inbox } from './inbox.ts';
import { LinkClosedError, type Channel, type Link } from './link.ts';
import { createWire, type Wire } from './memory-wire.ts';
import { UnreachableError, type Transport } from './transport.ts';

/** A network inside one process: what tests and the simulator run on. Deterministic with a manual clock. */
export interface MemoryNetwork {
  transport(self: NodeId): Transport;
  /** The link between two nodes is lost, without a word from either side. */
  sever(a: NodeId, b: NodeId): void;
  /**
   * A node is gone without a word, as a tab that was killed: nothing leaves or reaches it from now on, and the others
   * notice that their links to it are lost after `noticedAfterMs`.
   */
  vanish(self: NodeId, noticedAfterMs: number): void;
}

export interface MemoryNetworkOptions {
  /** One-way delay in milliseconds between two nodes. May differ from message to message: their order is kept. */
  readonly latencyMs?: (from: NodeId, to: NodeId) => number;
  /** Whether a network path exists between two nodes. */
  readonly connectable?: (a: NodeId, b: NodeId) => boolean;
  /** Whether this message is lost on the way, which no reliable channel does: for a peer that drops on purpose. */
  readonly drops?: (from: NodeId, to: NodeId, protocol: ProtocolName | 'bulk') => boolean;
  /** Links a node accepts. */
  readonly maxLinks?: number;
  /** What a node can send on its bulk channels together, in bytes per second; undefined where that is not bounded. */
  readonly uplink?: (node: NodeId) => number | undefined;
}

/** As WebRTC's: a block part of 64 KiB and its header. */
const MAX_BULK_BYTES = 64 * 1024 + 64;
const DEFAULT_LATENCY_MS = 1;
const DEFAULT_MAX_LINKS = 64;

type SharedProtocol = Exclude<ProtocolName, 'link'>;

interface Node {
  readonly self: NodeId;
  readonly links: Map<NodeId, MemoryLink>;
  readonly opened: ReturnType<typeof createListeners<Link>>;
  /** Absent where it can send as fast as it likes. */
  readonly wire: Wire | undefined;
  running: boolean;
}

export function createMemoryNetwork(clock: Clock, options: MemoryNetworkOptions = {}): MemoryNetwork {
  const nodes = new Map<NodeId, Node>();
  const latency = options.latencyMs ?? (() => DEFAULT_LATENCY_MS);
  const maxLinks = options.maxLinks ?? DEFAULT_MAX_LINKS;

  const connect = (from: Node, to: Node): MemoryLink => {
    const near = createMemoryLink(clock, from, to.self, { latency, drops: options.drops });
    const far = createMemoryLink(clock, to, from.self, { latency, drops: options.drops });
    near.join(far);
    far.join(near);
    from.links.set(to.self, near);
    to.links.set(from.self, far);
    to.opened.emit(far);
    from.opened.emit(near);
    return near;
  };

  const pass = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const cancel = clock.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        cancel();
        reject(signal?.reason);
      };
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });

  const dial = async (from: Node, to: NodeId, signal: AbortSignal | undefined): Promise<Link> => {
    if (!from.running) throw new UnreachableError(to, 'stopped');
    const open = from.links.get(to);
    if (open) return open;
    // The introduction and the connection: about four round trips for WebRTC, two here.
    await pass(4 * latency(from.self, to), signal);
    const target = nodes.get(to);
    if (!from.running) throw new UnreachableError(to, 'stopped');
    if (!target?.running || to === from.self) throw new UnreachableError(to, 'absent');
    const madeMeanwhile = from.links.get(to);
    if (madeMeanwhile) return madeMeanwhile;
    if (options.connectable?.(from.self, to) === false) throw new UnreachableError(to, 'no-path');
    if (from.links.size >= maxLinks) throw new UnreachableError(to, 'busy');
    if (target.links.size >= maxLinks) throw new UnreachableError(to, 'declined');
    return connect(from, target);
  };

  return {
    vanish(self, noticedAfterMs) {
      const node = nodes.get(self);
      if (!node) return;
      node.running = false;
      for (const [remote, link] of [...node.links]) {
        const far = nodes.get(remote)?.links.get(self);
        link.end('lost');
        far?.mute();
        clock.after(noticedAfterMs, () => far?.end('lost'));
      }
    },
    sever(a, b) {
      nodes.get(a)?.links.get(b)?.end('lost');
      nodes.get(b)?.links.get(a)?.end('lost');
    },
    transport(self) {
      const rate = options.uplink?.(self);
      const node: Node = {
        self,
        links: new Map(),
        opened: createListeners<Link>(),
        wire: rate === undefined ? undefined : createWire(clock, rate),
        running: false,
      };
      nodes.set(self, node);
      return {
        self,
        links: () => [...node.links.values()],
        link: (other) => node.links.get(other),
        dial: (other, { signal } = {}) => dial(node, other, signal),
        onLink: (listener) => node.opened.subscribe(listener),
        start() {
          node.running = true;
          return Promise.resolve();
        },
        stop() {
          node.running = false;
          for (const link of [...node.links.values()]) link.close('leaving');
          return Promise.resolve();
        },
      };
    },
  };
}

interface MemoryLink extends Link {
  join(far: MemoryLink): void;
  arrive(channel: SharedProtocol | 'bulk', message: Uint8Array<ArrayBuffer>): void;
  /** Nothing that is sent from here arrives any more. */
  mute(): void;
  end(reason: CloseReason | 'lost'): void;
}

function createMemoryLink(
  clock: Clock,
  owner: Node,
  remote: NodeId,
  { latency, drops }: { latency: (from: NodeId, to: NodeId) => number; drops: MemoryNetworkOptions['drops'] },
): MemoryLink {
  const over = new AbortController();
  const openedAt = clock.now();
  let far: MemoryLink | undefined;
  let bytesSent = 0;
  let bytesReceived = 0;

  /** When the last message sent on its way arrives: a later one does not overtake it. */
  let lastArrival = 0;
  let lastBulkArrival = 0;

  const deliver = (
    name: SharedProtocol | 'bulk',
    message: Uint8Array<ArrayBuffer>,
    sentAt = clock.now(),
  ): void => {
    const last = name === 'bulk' ? lastBulkArrival : lastArrival;
    const arrival = Math.max(last, sentAt + latency(owner.self, remote));
    if (name === 'bulk') lastBulkArrival = arrival;
    else lastArrival = arrival;
    clock.after(arrival - clock.now(), () => far?.arrive(name, message));
  };

  /** Waits for its turn on the wire, as `Channel.send` does for room in the buffer. */
  const sendByWire = async (
    wire: Wire,
    message: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
  ): Promise<void> => {
    const stop = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
    const sentAt = await wire.take(message.byteLength, stop);
    bytesSent += message.byteLength;
    deliver('bulk', message.slice(), sentAt);
  };

  const channelFor = (name: SharedProtocol | 'bulk', inbox: Inbox): Channel => ({
    maxBytes: name === 'bulk' ? MAX_BULK_BYTES : MAX_PAYLOAD_BYTES,
    send(message, { signal } = {}) {
      if (message.byteLength > this.maxBytes)
        throw new RangeError(`a message of ${message.byteLength} bytes`);
      if (over.signal.aborted) return Promise.reject(over.signal.reason as Error);
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      if (name === 'bulk' && owner.wire) return sendByWire(owner.wire, message, signal);
      bytesSent += message.byteLength;
      if (!drops?.(owner.self, remote, name)) deliver(name, message.slice());
      return Promise.resolve();
    },
    receive: (receiver) => inbox.receive(receiver),
  });

  // Made when first asked for: most links of a large network carry one protocol.
  const inboxes = new Map<SharedProtocol | 'bulk', Inbox>();
  const inboxOf = (name: SharedProtocol | 'bulk'): Inbox => {
    const inbox = inboxes.get(name) ?? createInbox(() => link.close('protocol-error'));
    inboxes.set(name, inbox);
    return inbox;
  };
  const channels = new Map<SharedProtocol | 'bulk', Channel>();
  const channelOf = (name: SharedProtocol | 'bulk'): Channel => {
    const channel = channels.get(name) ?? channelFor(name, inboxOf(name));
    channels.set(name, channel);
    return channel;
  };
  const link: MemoryLink = {
    remote,
    channel: channelOf,
    get bulk() {
      return channelOf('bulk');
    },
    closed: over.signal,
    stats: () => ({ openedAt, rttMs: 2 * latency(owner.self, remote), bytesSent, bytesReceived }),
    close(reason) {
      if (over.signal.aborted) return;
      const other = far;
      link.end(reason);
      clock.after(latency(owner.self, remote), () => other?.end(reason));
    },
    join(other) {
      far = other;
    },
    arrive(name, message) {
      if (over.signal.aborted) return;
      bytesReceived += message.byteLength;
      if (!inboxOf(name).deliver(message)) link.close('protocol-error');
    },
    mute() {
      far = undefined;
    },
    end(reason) {
      if (over.signal.aborted) return;
      if (owner.links.get(remote) === link) owner.links.delete(remote);
      over.abort(new LinkClosedError(reason));
    },
  };
  return link;
}
