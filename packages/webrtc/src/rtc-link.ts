import { every, randomInt, type Clock, type Log, type Random, errorText } from '@tabswarm/base';
import { createInbox, LinkClosedError, type Channel, type Inbox, type Link, type Route } from '@tabswarm/net';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { NodeId } from '@tabswarm/protocol/ids';
import {
  decodeControlFrame,
  encodeControlFrame,
  linkMessage,
  MAX_PAYLOAD_BYTES,
  type CloseReason,
  type LinkMessage,
  type ProtocolName,
} from '@tabswarm/protocol/link';
import { MAX_BULK_BYTES } from '@tabswarm/protocol/swarm';
import type { Connection } from './connection.ts';
import { createBulkFlow, createFlow } from './flow.ts';
import type { ConnectLane } from './lanes/lane-connector.ts';
import { createLanes } from './lanes/lanes.ts';
import { createStriping } from './lanes/striping.ts';
import { createLately } from './lately.ts';
import { createOutbox } from './outbox.ts';
import { createRoundTrip } from './round-trip.ts';

/** How often an idle link is asked whether it is alive. A hidden tab may be a second late each time. */
const PING_INTERVAL_MS = 4_000;
/** A peer that says nothing for so long is gone. Its tab may have crashed, which tells nobody. */
const SILENCE_LIMIT_MS = 12_000;
/** A link that is not idle is asked as well, if only this often, for its round trip. */
const MEASURE_INTERVAL_MS = 20_000;
/** A turn so late means that this tab slept: the silence was its own, and messages may wait to be read. */
const LATE_MS = 5_000;
/** Who does not answer a probe by then is gone. */
const PROBE_LIMIT_MS = 4_000;
/** Time for the last word to leave before the connection is torn down. */
const LAST_WORD_MS = 100;

type SharedProtocol = Exclude<ProtocolName, 'link'>;

export interface RtcLinkCollaborators {
  readonly connection: Connection;
  readonly connectLane: ConnectLane;
  /** Whether this link is where nearly all comes from that we receive; others would only lose by its lanes. */
  readonly isSole: (link: RtcLink) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface RtcLink extends Link {
  /** Time may have passed unnoticed: asks whether the other side is there, and ends the link where it is not. */
  probe(): void;
  /** Bytes that came on the bulk channel in the last seconds. */
  bulkLately(): number;
}

/** A link over an open connection whose other end is known to be `remote`. `parity` differs between the two ends. */
export function createRtcLink(
  { connection, connectLane, isSole, clock, random, log }: RtcLinkCollaborators,
  { remote, parity }: { readonly remote: NodeId; readonly parity: 0 | 1 },
): RtcLink {
  const over = new AbortController();
  const openedAt = clock.now();
  const roundTrip = createRoundTrip();
  const onOverflow = (): void => {
    log.warn('closing a link: the peer does not read', { peer: remote });
    end('protocol-error');
    connection.close();
  };
  const control = createOutbox(createFlow(connection.control, clock), clock, over.signal, { onOverflow });
  const bulkOut = createOutbox(createBulkFlow(connection.bulk, clock), clock, over.signal, {
    onFull: () => striping.onFull(),
  });
  const bulkLately = createLately(clock);
  let bytesReceived = 0;
  let heardAt = openedAt;
  let asked: { nonce: number; at: number } | undefined;
  let askedAt = openedAt;
  let turnAt = openedAt;
  let route: Route | undefined;

  const end = (reason: CloseReason | 'lost'): void => {
    if (over.signal.aborted) return;
    over.abort(new LinkClosedError(reason));
  };

  const say = (message: LinkMessage): void => {
    const frame = encodeControlFrame({ protocol: 'link', payload: linkMessage.encode(message) });
    // A link that ends under the message has ended for a reason of its own.
    control.send(frame, undefined).catch(() => undefined);
  };

  const close = (reason: CloseReason): void => {
    if (over.signal.aborted) return;
    say({ type: 'bye', reason });
    end(reason);
    clock.after(LAST_WORD_MS, () => connection.close());
  };

  /** The peer broke the protocol: it is named, and loses the link. */
  const onViolation = (cause: unknown): void => {
    const code = cause instanceof ProtocolError ? cause.code : 'internal';
    log.warn('closing a link: bad message', { peer: remote, code, cause: errorText(cause) });
    close('protocol-error');
  };

  const ping = (): void => {
    askedAt = clock.now();
    asked = { nonce: randomInt(random, 0xffff_ffff), at: askedAt };
    say({ type: 'ping', nonce: asked.nonce });
  };

  /** ICE may find a better way later on. */
  const learnRoute = (): void => {
    connection.route().then(
      (latest) => {
        route = latest;
      },
      // The connection is going away.
      () => undefined,
    );
  };

  const lose = (): void => {
    log.info('a link went silent', { peer: remote });
    end('lost');
    connection.close();
  };

  const probe = (): void => {
    const since = clock.now();
    ping();
    const cancel = clock.after(PROBE_LIMIT_MS, () => {
      over.signal.removeEventListener('abort', cancel);
      if (heardAt < since) lose();
    });
    over.signal.addEventListener('abort', cancel, { once: true });
  };

  const onTurn = (): void => {
    const now = clock.now();
    const slept = now - turnAt > PING_INTERVAL_MS + LATE_MS;
    const quiet = heardAt <= turnAt;
    turnAt = now;
    // What it says to this is heard before the next turn.
    if (slept) ping();
    else if (now - heardAt > SILENCE_LIMIT_MS) lose();
    else if (quiet || now - askedAt >= MEASURE_INTERVAL_MS) ping();
  };

  const onLinkMessage = (message: LinkMessage): void => {
    if (message.type === 'ping') say({ type: 'pong', nonce: message.nonce });
    else if (message.type === 'bye') {
      end(message.reason);
      connection.close();
    } else if (message.type !== 'pong') lanes.onMessage(message);
    else if (asked?.nonce === message.nonce) {
      roundTrip.sample(clock.now() - asked.at);
      asked = undefined;
    }
  };

  const inboxes = new Map<ProtocolName | 'bulk', Inbox>();
  const channels = new Map<SharedProtocol, Channel>();
  for (const protocol of ['dht', 'swarm', 'introduction'] as const) {
    const inbox = createInbox(onViolation);
    inboxes.set(protocol, inbox);
    channels.set(protocol, {
      maxBytes: MAX_PAYLOAD_BYTES,
      send: (payload, { signal } = {}) => control.send(encodeControlFrame({ protocol, payload }), signal),
      receive: (receiver) => inbox.receive(receiver),
    });
  }
  const bulkInbox = createInbox(onViolation);
  inboxes.set('bulk', bulkInbox);

  const deliver = (name: SharedProtocol | 'bulk', message: Uint8Array<ArrayBuffer>): void => {
    if (!inboxes.get(name)?.deliver(message))
      onViolation(new ProtocolError('too-large', 'too many messages unasked'));
  };

  connection.control.onMessage((frame) => {
    if (over.signal.aborted) return;
    heardAt = clock.now();
    bytesReceived += frame.byteLength;
    try {
      const { protocol, payload } = decodeControlFrame(frame);
      if (protocol === 'link') onLinkMessage(linkMessage.decode(payload));
      else deliver(protocol, new Uint8Array(payload));
    } catch (cause) {
      onViolation(cause);
    }
  });
  const onBulk = (message: Uint8Array<ArrayBuffer>): void => {
    if (over.signal.aborted) return;
    heardAt = clock.now();
    bytesReceived += message.byteLength;
    bulkLately.add(message.byteLength);
    deliver('bulk', message);
  };
  connection.bulk.onMessage(onBulk);
  void connection.over.then(() => end('lost'));

  const lanes = createLanes(
    {
      connect: connectLane,
      outbox: bulkOut,
      say,
      deliver: onBulk,
      isWelcome: () => isSole(link),
      onSilent: lose,
      clock,
      log,
    },
    { remote, parity, closed: over.signal },
  );
  const striping = createStriping(
    { outbox: bulkOut, lanes, leastRttMs: () => roundTrip.least(), clock, log },
    { remote, closed: over.signal },
  );

  ping();
  learnRoute();
  every(clock, () => PING_INTERVAL_MS, onTurn, { signal: over.signal });
  every(clock, () => MEASURE_INTERVAL_MS, learnRoute, { signal: over.signal });

  const link: RtcLink = {
    remote,
    channel: (protocol) => channels.get(protocol) as Channel,
    bulk: {
      maxBytes: MAX_BULK_BYTES,
      send(message, { signal } = {}) {
        if (message.byteLength > MAX_BULK_BYTES)
          throw new RangeError(`a bulk message of ${message.byteLength} bytes`);
        return bulkOut.send(message, signal);
      },
      receive: (receiver) => bulkInbox.receive(receiver),
    },
    closed: over.signal,
    stats: () => ({
      openedAt,
      rttMs: roundTrip.smoothed(),
      bytesSent: control.bytesSent() + bulkOut.bytesSent(),
      bytesReceived,
      route,
    }),
    close,
    probe() {
      if (!over.signal.aborted) probe();
    },
    bulkLately: () => bulkLately.bytes(),
  };
  return link;
}
