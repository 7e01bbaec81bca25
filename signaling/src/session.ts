import { ProtocolError } from '@tabswarm/protocol/error';
import {
  clientMessage,
  MAX_INTRODUCED_PEERS,
  newChallenge,
  SIGNALING_VERSION,
  verifyHello,
  type ClientMessage,
  type IceServer,
  type Refusal,
  type ServerMessage,
} from '@tabswarm/protocol/signaling';
import type { TokenBucket } from './limits.ts';
import type { Peer, Peers } from './peers.ts';

/** What a session needs of its socket. */
export interface SessionSocket {
  send(message: ServerMessage): void;
  /** Sends `refused` as the last word, and closes. */
  refuse(reason: Refusal): void;
  isLive(): boolean;
}

/** One client's conversation with the server, from the challenge on. */
export interface Session {
  /** A frame came in. */
  receive(frame: Uint8Array): Promise<void>;
  /** The client is told why, and leaves. */
  refuse(reason: Refusal): void;
  /** The socket has closed. */
  end(): void;
}

export interface SessionCollaborators {
  readonly socket: SessionSocket;
  readonly peers: Peers;
  readonly bucket: TokenBucket;
  /** Called once, when the client has signed in. */
  readonly onSignedIn: () => void;
}

type Hello = Extract<ClientMessage, { type: 'hello' }>;

type Stage =
  | { readonly stage: 'challenged'; readonly nonce: ReturnType<typeof newChallenge> }
  | { readonly stage: 'verifying' }
  | { readonly stage: 'in'; readonly peer: Peer }
  | { readonly stage: 'over' };

export function createSession(
  { socket, peers, bucket, onSignedIn }: SessionCollaborators,
  { iceServers }: { iceServers: readonly IceServer[] },
): Session {
  let now: Stage = { stage: 'challenged', nonce: newChallenge() };
  // Read through a function: the stage changes while a signature is checked, which the compiler cannot see.
  const stage = (): Stage['stage'] => now.stage;
  socket.send({ type: 'challenge', version: SIGNALING_VERSION, nonce: now.nonce });

  function refuse(reason: Refusal): void {
    if (now.stage === 'over') return;
    end();
    socket.refuse(reason);
  }

  function end(): void {
    if (now.stage === 'in') peers.remove(now.peer);
    now = { stage: 'over' };
  }

  async function signIn(hello: Hello, nonce: ReturnType<typeof newChallenge>): Promise<void> {
    now = { stage: 'verifying' };
    if (hello.version < SIGNALING_VERSION) return refuse('too-old');
    if (hello.version > SIGNALING_VERSION) return refuse('too-new');
    const id = await verifyHello(hello, nonce);
    if (stage() !== 'verifying') return;
    if (id === undefined) return refuse('forged');
    const peer: Peer = {
      id,
      send: (message) => socket.send(message),
      refuse,
      isLive: () => socket.isLive(),
    };
    const replaced = peers.add(peer);
    now = { stage: 'in', peer };
    replaced?.refuse('replaced');
    onSignedIn();
    socket.send({ type: 'welcome', peers: peers.sample(MAX_INTRODUCED_PEERS, id), iceServers });
  }

  function serve(message: Exclude<ClientMessage, Hello>, peer: Peer): void {
    switch (message.type) {
      case 'send': {
        const target = peers.get(message.to);
        if (target) target.send({ type: 'deliver', from: peer.id, envelope: message.envelope });
        else socket.send({ type: 'absent', to: message.to });
        return;
      }
      case 'more':
        socket.send({ type: 'peers', peers: peers.sample(MAX_INTRODUCED_PEERS, peer.id) });
    }
  }

  return {
    async receive(frame) {
      if (now.stage === 'over') return;
      if (!bucket.take()) return refuse('too-fast');
      const message = decode(frame);
      if (now.stage === 'challenged' && message?.type === 'hello') return signIn(message, now.nonce);
      if (now.stage === 'in' && message && message.type !== 'hello') return serve(message, now.peer);
      refuse('malformed');
    },
    refuse,
    end,
  };
}

function decode(frame: Uint8Array): ClientMessage | undefined {
  try {
    return clientMessage.decode(frame);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
