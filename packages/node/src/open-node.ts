import type { Clock, Log, Random } from '@tabswarm/base';
import type { LinkCounts } from '@tabswarm/protocol/page-config';
import type { IceServer } from '@tabswarm/protocol/signaling';
import { createIdbKeyring } from '@tabswarm/store/keyring';
import { openTabChannel } from '@tabswarm/store';
import { openBanBook } from '@tabswarm/store/ban-book';
import { openPeerBook } from '@tabswarm/store/peer-book';
import { createSignaling, createWebRtcTransport, createSimplePeerOpener } from '@tabswarm/webrtc';
import { createLockDuties } from './duties.ts';
import { claimIdentity } from './identity-slots.ts';
import type { Node } from './api.ts';
import { createLimitsMemory } from './limits.ts';
import { createMemento } from './memento.ts';
import { createNode } from './node.ts';
import { createRoom } from './room.ts';
import type { Vault } from './vault.ts';

export interface Surroundings {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly locks: LockManager;
  readonly storage: StorageManager;
  /** May throw where it is turned off. */
  readonly localStorage: () => Storage;
  readonly connectSocket: (url: string) => WebSocket;
}

export interface OpenOptions {
  /** The page's address, without query and fragment. */
  readonly site: string;
  /** Signaling servers, ws: or wss:. */
  readonly signalingUrls: readonly string[];
  readonly links: LinkCounts;
}

/** A node of a real browser tab, not yet started: WebRTC, IndexedDB and Web Locks. */
export async function openNode(
  { vault, clock, random, log, locks, storage, localStorage, connectSocket }: Surroundings,
  { site, signalingUrls, links }: OpenOptions,
): Promise<Node> {
  const identity = await claimIdentity(createIdbKeyring(), locks);
  const signaling = createSignaling(
    { identity, clock, random, log: log.scoped('signaling'), connect: connectSocket },
    { urls: signalingUrls, secureOnly: site.startsWith('https:') },
  );
  const transport = createWebRtcTransport(
    {
      identity,
      introducers: [signaling],
      open: createSimplePeerOpener(),
      iceServers: () => signaling.iceServers().map((server) => iceServer(server)),
      clock,
      random,
      log: log.scoped('webrtc'),
    },
    { maxLinks: links.max },
  );
  const duties = createLockDuties({ locks, tabs: openTabChannel('tabswarm-duties'), clock });
  const room = createRoom(storage, log.scoped('room'));
  const memento = createMemento(localStorage, log);
  const limits = createLimitsMemory(localStorage, openTabChannel('tabswarm-limits'), log);
  const book = openPeerBook();
  const bans = openBanBook();
  return createNode(
    { vault, transport, identity, signaling, book, bans, duties, room, memento, limits, clock, random, log },
    { site, links },
  );
}

function iceServer({ urls, username, credential }: IceServer): RTCIceServer {
  return {
    urls: [...urls],
    ...(username === undefined ? {} : { username }),
    ...(credential === undefined ? {} : { credential }),
  };
}
