/// <reference path="./simple-peer.d.ts" />
import { createDeferred } from '@tabswarm/base';
import { createInbox } from '@tabswarm/net';
import { BULK_CHANNEL_ID, CONTROL_CHANNEL_ID } from '@tabswarm/protocol/link';
import SimplePeer from 'simple-peer/simplepeer.min.js';
import type { Connection, OpenConnection, Pipe } from './connection.ts';
import { routeOf } from './route.ts';

/** A page that is open for longer is rare, and the longest that browsers allow. */
const CERTIFICATE_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * Connections of this page over simple-peer. All have one certificate: an offer waits for its own, if it has none yet, and
 * whoever is linked knows who this is anyway. It may not be there yet for the first.
 */
export function createSimplePeerOpener(): OpenConnection {
  let certificates: RTCCertificate[] = [];
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', expires: CERTIFICATE_MS };
  RTCPeerConnection.generateCertificate(algorithm).then(
    (certificate) => {
      certificates = [certificate];
    },
    // The connections make their own.
    () => undefined,
  );
  return (options) => openSimplePeerConnection(options, certificates);
}

/**
 * A connection over simple-peer, which makes it and its control channel. The bulk channel stands beside that on the same
 * RTCPeerConnection, which simple-peer keeps in `_pc`. Neither goes through its stream: that has two timers for each message
 * that comes, and would cost the bulk channel a copy and a pause every 64 KiB.
 */
function openSimplePeerConnection(
  { initiator, iceServers, onSignal, onMade }: Parameters<OpenConnection>[0],
  certificates: readonly RTCCertificate[],
): Connection {
  const peer = new SimplePeer({
    initiator,
    objectMode: true,
    channelName: 'control',
    channelConfig: { negotiated: true, id: CONTROL_CHANNEL_ID, ordered: true },
    config: { iceServers: [...iceServers], certificates: [...certificates] },
    trickle: true,
  });
  const controlOpen = createDeferred<void>();
  const bulkOpen = createDeferred<void>();
  const over = createDeferred<void>();
  let failure: Error | undefined;
  if (peer._pc) onMade(peer._pc);

  if (initiator) {
    // simple-peer waits for a timer before its offer, and those of a hidden tab run once a second.
    peer.negotiate = () => {
      if (peer.destroyed || peer._isNegotiating) return;
      peer._isNegotiating = true;
      peer._createOffer();
    };
  }
  peer.on('signal', onSignal);
  // Not simple-peer's `connect`: that comes later, when it has asked for statistics, and nothing here needs those.
  peer._channel?.addEventListener('open', () => controlOpen.resolve());
  peer.on('error', (cause) => {
    failure = cause;
  });
  const incoming = createIncoming(() => peer.destroy());
  peer._onChannelMessage = ({ data }) => incoming.take(data);
  peer.on('close', () => {
    const reason = failure ?? new Error('the connection was closed');
    controlOpen.reject(reason);
    bulkOpen.reject(reason);
    over.resolve();
    // Whoever still holds the link must not hold the browser's objects: they count until they are collected.
    held.bulk = undefined;
  });

  // Made before simple-peer asks for the first offer, which it does in a microtask: one negotiation covers both.
  const held: Held = {
    bulk: peer._pc?.createDataChannel('bulk', { negotiated: true, id: BULK_CHANNEL_ID, ordered: false }),
  };
  if (held.bulk) {
    held.bulk.binaryType = 'arraybuffer';
    held.bulk.addEventListener('open', () => bulkOpen.resolve());
    held.bulk.addEventListener('close', () => peer.destroy());
  }
  const opened = Promise.all([controlOpen.promise, bulkOpen.promise]).then(() => undefined);
  // Whoever waits for it is told; a connection given up before it opened has nobody waiting.
  opened.catch(() => undefined);

  return {
    control: controlPipe(peer, incoming),
    bulk: bulkPipe(held),
    opened,
    over: over.promise,
    async route() {
      const report = await peer._pc?.getStats();
      return report && routeOf(report);
    },
    signal(signal) {
      // simple-peer throws for a signal after its end, which trickled candidates are often enough.
      if (!peer.destroyed) peer.signal(signal);
    },
    close: () => peer.destroy(),
  };
}

/** What a connection has of the browser's as long as it is not over. simple-peer lets go of its own part by itself. */
interface Held {
  bulk: RTCDataChannel | undefined;
}

interface Incoming {
  /** What a channel brought. */
  take(data: unknown): void;
  onMessage: Pipe['onMessage'];
}

/** The other side may see the connection open first and send before anybody here listens, but not for ever. */
function createIncoming(close: () => void): Incoming {
  const inbox = createInbox(close);
  return {
    take(data) {
      // A string is not of this protocol; an empty message is what the receiver refuses.
      const message = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array();
      if (!inbox.deliver(message)) close();
    },
    onMessage: (listener) => void inbox.receive(listener),
  };
}

function controlPipe(peer: SimplePeer, { onMessage }: Incoming): Pipe {
  return {
    buffered: () => peer.bufferSize,
    send: (bytes) => peer.send(bytes),
    onMessage,
    onLow: (listener) => peer._channel?.addEventListener('bufferedamountlow', listener),
    setLowThreshold(bytes) {
      if (peer._channel) peer._channel.bufferedAmountLowThreshold = bytes;
    },
  };
}

function bulkPipe(held: Held): Pipe {
  const { take, onMessage } = createIncoming(() => held.bulk?.close());
  held.bulk?.addEventListener('message', ({ data }) => take(data));
  return {
    buffered: () => held.bulk?.bufferedAmount ?? 0,
    send(bytes) {
      if (!held.bulk) throw new Error('no data channel');
      held.bulk.send(bytes);
    },
    onMessage,
    onLow: (listener) => held.bulk?.addEventListener('bufferedamountlow', listener),
    setLowThreshold(bytes) {
      if (held.bulk) held.bulk.bufferedAmountLowThreshold = bytes;
    },
  };
}
