import type { Clock, Log, Random } from '@tabswarm/base';
import type { IceServer } from '@tabswarm/protocol/signaling';
import { createIdbKeyring } from '@tabswarm/store/keyring';
import { createWebRtcTransport, createWebSocketIntroducer, openSimplePeerConnection } from '@tabswarm/webrtc';
import { createLockDuties } from './duties.ts';
import { claimIdentity } from './identity-slots.ts';
import { createNode, type Node } from './node.ts';
import type { Vault } from './vault.ts';

export interface Surroundings {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly locks: LockManager;
  readonly connectSocket: (url: string) => WebSocket;
}

/** A node of a real browser tab, not yet started: WebRTC, IndexedDB and Web Locks. */
export async function openNode(
  { vault, clock, random, log, locks, connectSocket }: Surroundings,
  { site, signalingUrl }: { readonly site: string; readonly signalingUrl: string },
): Promise<Node> {
  const identity = await claimIdentity(createIdbKeyring(), locks);
  const signaling = createWebSocketIntroducer(
    { identity, clock, random, log: log.scoped('signaling'), connect: connectSocket },
    { url: signalingUrl },
  );
  const transport = createWebRtcTransport({
    identity,
    introducers: [signaling],
    open: openSimplePeerConnection,
    iceServers: () => signaling.iceServers().map((server) => iceServer(server)),
    clock,
    random,
    log: log.scoped('webrtc'),
  });
  const duties = createLockDuties(locks);
  return createNode({ vault, transport, identity, signaling, duties, clock, random, log }, { site });
}

function iceServer({ urls, username, credential }: IceServer): RTCIceServer {
  return {
    urls: [...urls],
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  };
}
