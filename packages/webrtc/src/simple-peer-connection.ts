/// <reference path="./simple-peer.d.ts" />
import { createDeferred } from '@tabswarm/base';
import { createInbox } from '@tabswarm/net';
import { BULK_CHANNEL_ID, CONTROL_CHANNEL_ID } from '@tabswarm/protocol/link';
import SimplePeer from 'simple-peer/simplepeer.min.js';
import type { OpenConnection, Pipe } from './connection.ts';

/**
 * A connection over simple-peer. It makes the connection and carries the control channel through `send()`. The bulk
 * channel stands beside it on the same RTCPeerConnection, which simple-peer keeps in `_pc`: its own stream interface
 * would cost a copy and a pause every 64 KiB.
 */
export const openSimplePeerConnection: OpenConnection = ({ initiator, iceServers, onSignal }) => {
  const peer = new SimplePeer({
    initiator,
    objectMode: true,
    channelName: 'control',
    channelConfig: { negotiated: true, id: CONTROL_CHANNEL_ID, ordered: true },
    config: { iceServers: [...iceServers] },
    trickle: true,
  });
  const connected = createDeferred<void>();
  const bulkOpen = createDeferred<void>();
  const over = createDeferred<void>();
  let failure: Error | undefined;

  peer.on('signal', onSignal);
  peer.on('connect', () => connected.resolve());
  peer.on('error', (cause) => {
    failure = cause;
  });
  peer.on('close', () => {
    const reason = failure ?? new Error('the connection was closed');
    connected.reject(reason);
    bulkOpen.reject(reason);
    over.resolve();
  });

  // Made before simple-peer asks for the first offer, which it does in a microtask: one negotiation covers both.
  const bulk = peer._pc?.createDataChannel('bulk', { negotiated: true, id: BULK_CHANNEL_ID, ordered: false });
  if (bulk) {
    bulk.binaryType = 'arraybuffer';
    bulk.addEventListener('open', () => bulkOpen.resolve());
    bulk.addEventListener('close', () => peer.destroy());
  }
  const opened = Promise.all([connected.promise, bulkOpen.promise]).then(() => undefined);
  // Whoever waits for it is told; a connection given up before it opened has nobody waiting.
  opened.catch(() => undefined);

  return {
    control: controlPipe(peer),
    bulk: bulkPipe(bulk),
    opened,
    over: over.promise,
    signal(signal) {
      // simple-peer throws for a signal after its end, which trickled candidates are often enough.
      if (!peer.destroyed) peer.signal(signal);
    },
    close: () => peer.destroy(),
  };
};

function controlPipe(peer: SimplePeer): Pipe {
  const channel = peer._channel;
  return {
    buffered: () => peer.bufferSize,
    send: (bytes) => peer.send(bytes),
    onMessage: (listener) => void peer.on('data', listener),
    onLow: (listener) => channel?.addEventListener('bufferedamountlow', listener),
    setLowThreshold(bytes) {
      if (channel) channel.bufferedAmountLowThreshold = bytes;
    },
  };
}

function bulkPipe(channel: RTCDataChannel | undefined): Pipe {
  // The other side may see the connection open first and send before anybody here listens.
  const inbox = createInbox(() => channel?.close());
  channel?.addEventListener('message', ({ data }) => {
    // A string is not of this protocol; an empty message is what the receiver refuses.
    inbox.deliver(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array());
  });
  return {
    buffered: () => channel?.bufferedAmount ?? 0,
    send(bytes) {
      if (!channel) throw new Error('no data channel');
      channel.send(bytes);
    },
    onMessage: (listener) => void inbox.receive(listener),
    onLow: (listener) => channel?.addEventListener('bufferedamountlow', listener),
    setLowThreshold(bytes) {
      if (channel) channel.bufferedAmountLowThreshold = bytes;
    },
  };
}
