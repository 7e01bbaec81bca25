import { createDeferred, stateWhere, type Clock, type Log, type Random } from '@tabswarm/base';
import type { Link } from '@tabswarm/net';
import { idFromText, type NodeId } from '@tabswarm/protocol/ids';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { PART_BYTES } from '@tabswarm/protocol/swarm';
import { createWebRtcTransport, createWebSocketIntroducer, createSimplePeerOpener } from '@tabswarm/webrtc';

/** The transport on its own between two pages, for measuring it. */
export interface OpenTransport {
  listen(): Promise<NodeId>;
  connect(id: string): Promise<void>;
  pump(bytes: number): Promise<number>;
}

const DONE = Uint8Array.of(1);

export function openTransport(
  {
    clock,
    random,
    log,
    connectSocket,
  }: {
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    readonly connectSocket: (url: string) => WebSocket;
  },
  { signalingUrl }: { readonly signalingUrl: string },
): OpenTransport {
  let current: Link | undefined;
  let dial: ((id: NodeId) => Promise<Link>) | undefined;
  let acknowledged = createDeferred<void>();

  /** Counts what arrives and says so when the announced number is reached. */
  const receive = (link: Link): void => {
    current = link;
    let expected = 0;
    let received = 0;
    link.channel('swarm').receive((message) => {
      if (message.byteLength === 1) acknowledged.resolve();
      else {
        expected = Number(new TextDecoder().decode(message));
        received = 0;
      }
    });
    link.bulk.receive((message) => {
      received += message.byteLength;
      if (received >= expected) void link.channel('swarm').send(DONE);
    });
  };

  return {
    async listen() {
      const identity = await identityFromKeys(await generateIdentityKeys());
      const signaling = createWebSocketIntroducer(
        { identity, clock, random, log, connect: connectSocket },
        { url: signalingUrl },
      );
      const transport = createWebRtcTransport({
        identity,
        introducers: [signaling],
        open: createSimplePeerOpener(),
        iceServers: () => [],
        clock,
        random,
        log,
      });
      transport.onLink(receive);
      dial = (id) => transport.dial(id);
      await transport.start();
      signaling.start();
      await stateWhere(signaling.state, ({ state }) => state === 'connected');
      return identity.id;
    },
    async connect(id) {
      await dial?.(idFromText<NodeId>(id));
    },
    async pump(bytes) {
      if (!current) throw new Error('connect first');
      acknowledged = createDeferred<void>();
      const message = new Uint8Array(PART_BYTES);
      const began = performance.now();
      await current.channel('swarm').send(new TextEncoder().encode(String(bytes).padStart(2, ' ')));
      for (let sent = 0; sent < bytes; sent += PART_BYTES) await current.bulk.send(message);
      await acknowledged.promise;
      return performance.now() - began;
    },
  };
}
