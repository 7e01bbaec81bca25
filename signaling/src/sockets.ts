import type { RawData, WebSocket } from 'ws';
import { serverMessage, type IceServer } from '@tabswarm/protocol/signaling';
import { startHeartbeat } from './heartbeat.ts';
import { createTokenBucket, type Limits } from './limits.ts';
import type { Peers } from './peers.ts';
import { createSession, type SessionSocket } from './session.ts';

/** RFC 6455: the server ends the connection because of a rule. */
const POLICY_VIOLATION = 1008;

export interface SocketCollaborators {
  readonly peers: Peers;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export interface SocketOptions {
  readonly limits: Limits;
  readonly iceServers: readonly IceServer[];
}

/** Runs one client's session on its socket until either side closes it. */
export function serveSocket(
  socket: WebSocket,
  { peers, now, log }: SocketCollaborators,
  { limits, iceServers }: SocketOptions,
): void {
  const heartbeat = startHeartbeat(socket, now, limits);
  const signIn = setTimeout(() => closeSocket(socket, POLICY_VIOLATION, 'no hello', limits), limits.signInMs);
  const bucket = createTokenBucket(now, {
    perSecond: limits.messagesPerSecond,
    burst: limits.messageBurst,
  });
  const wire: SessionSocket = {
    send(message) {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(serverMessage.encode(message));
      if (socket.bufferedAmount > limits.maxBufferedBytes) socket.terminate();
    },
    refuse: (reason) => refuseSocket(socket, reason, limits),
    isLive: () => heartbeat.isLive(),
  };
  const session = createSession(
    { socket: wire, peers, bucket, onSignedIn: () => clearTimeout(signIn) },
    { iceServers },
  );

  socket.on('message', (data: RawData, isBinary: boolean) => {
    // An empty frame decodes to nothing, which is what text deserves here.
    const frame = isBinary && data instanceof Uint8Array ? data : new Uint8Array();
    session.receive(frame).catch((error: unknown) => {
      // A fault of ours, not of the client's: it must not take the others down with it.
      log(`A session failed: ${String(error)}`);
      socket.terminate();
    });
  });
  // Pings cost an answer, so they count as messages.
  socket.on('ping', () => {
    if (!bucket.take()) session.refuse('too-fast');
  });
  // Oversize and ill-formed frames end here; ws closes the connection itself, with the code of RFC 6455.
  socket.on('error', () => cutLater(socket, limits));
  socket.once('close', () => {
    clearTimeout(signIn);
    heartbeat.stop();
    session.end();
  });
}

/** Says why as the last word, and closes. */
export function refuseSocket(
  socket: WebSocket,
  reason: Parameters<SessionSocket['refuse']>[0],
  limits: Pick<Limits, 'closeMs'>,
): void {
  if (socket.readyState !== socket.OPEN) return;
  socket.send(serverMessage.encode({ type: 'refused', reason }));
  closeSocket(socket, POLICY_VIOLATION, reason, limits);
}

/** Closes in a friendly way, and after `closeMs` without one. */
export function closeSocket(
  socket: WebSocket,
  code: number,
  reason: string,
  limits: Pick<Limits, 'closeMs'>,
): void {
  socket.close(code, reason);
  cutLater(socket, limits);
}

function cutLater(socket: WebSocket, { closeMs }: Pick<Limits, 'closeMs'>): void {
  const timer = setTimeout(() => socket.terminate(), closeMs);
  socket.once('close', () => clearTimeout(timer));
}
