import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { PageConfig } from '@tabswarm/protocol/page-config';
import { MAX_SIGNALING_BYTES, SIGNALING_PATH, type IceServer } from '@tabswarm/protocol/signaling';
import type { AppFiles } from './files.ts';
import { createRequestListener, pathOf } from './http.ts';
import { createAddressCounter, type Limits } from './limits.ts';
import { createPeers } from './peers.ts';
import { closeSocket, refuseSocket, serveSocket } from './sockets.ts';

export interface SignalingCollaborators {
  /** The built app; empty where there is none. */
  readonly files: AppFiles;
  /** Milliseconds that never run backwards. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: (line: string) => void;
}

export interface SignalingOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly iceServers: readonly IceServer[];
  /** Pages of these origins only; undefined lets every page in, as links may name any server. */
  readonly allowedOrigins: readonly string[] | undefined;
  /** Whether a proxy of ours stands in front, whose X-Forwarded-For says who the client is. */
  readonly trustProxy: boolean;
  /** What pages of this server are told at their start. */
  readonly page: PageConfig;
  readonly limits: Limits;
}

export interface Signaling {
  /** Resolves with the port that it listens on. Rejects with the system's error, such as EADDRINUSE. */
  start(): Promise<number>;
  /** Says goodbye to everybody, and resolves when the port is free. */
  stop(): Promise<void>;
}

/** RFC 6455: the server goes away. */
const GOING_AWAY = 1001;
/** A request's headers have to be there within this time, or they never will. */
const HEADERS_TIMEOUT_MS = 10_000;

/** The signaling server with the app, on one port. It keeps nothing: who leaves is forgotten. */
export function createSignaling(
  { files, now, random, log }: SignalingCollaborators,
  { host, port, iceServers, allowedOrigins, trustProxy, page, limits }: SignalingOptions,
): Signaling {
  const peers = createPeers({ random });
  const addresses = createAddressCounter(limits);
  const startedAt = now();
  const health = () =>
    ({ status: 'ok', peers: peers.size, uptime: Math.floor((now() - startedAt) / 1_000) }) as const;
  const http = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS },
    createRequestListener({ files, health, page }),
  );
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_SIGNALING_BYTES,
    perMessageDeflate: false,
  });
  let starting: Promise<number> | undefined;
  let stopping: Promise<void> | undefined;

  http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    if (stopping || sockets.clients.size >= limits.maxSockets) {
      return turnAway(stream, '503 Service Unavailable');
    }
    if (pathOf(request) !== SIGNALING_PATH) return turnAway(stream, '404 Not Found');
    if (allowedOrigins && !allowedOrigins.includes(request.headers.origin ?? '')) {
      return turnAway(stream, '403 Forbidden');
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const address = addressOf(request, trustProxy);
      if (!addresses.enter(address)) {
        socket.on('error', () => socket.terminate());
        return refuseSocket(socket, 'full', limits);
      }
      socket.once('close', () => addresses.leave(address));
      serveSocket(socket, { peers, now, log }, { limits, iceServers });
    });
  });

  async function listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      http.once('error', reject);
      http.listen(port, host, () => {
        http.off('error', reject);
        http.on('error', (error) => log(`The server had an error: ${error.message}`));
        resolve();
      });
    });
    return (http.address() as AddressInfo).port;
  }

  async function close(): Promise<void> {
    if (!starting) return;
    await starting;
    const closed = new Promise<void>((resolve) => {
      http.close(() => resolve());
    });
    http.closeIdleConnections();
    for (const socket of sockets.clients) closeSocket(socket, GOING_AWAY, 'stopping', limits);
    const cut = setTimeout(() => http.closeAllConnections(), limits.closeMs);
    await closed;
    clearTimeout(cut);
  }

  return {
    start: () => (starting ??= listen()),
    stop: () => (stopping ??= close()),
  };
}

function turnAway(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** The last entry of X-Forwarded-For is the one that our own proxy wrote; those before it are the client's word. */
function addressOf(request: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? String(request.headers['x-forwarded-for'] ?? '') : '';
  return forwarded.split(',').at(-1)?.trim() || (request.socket.remoteAddress ?? '');
}
