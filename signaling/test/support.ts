import { onTestFinished } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { generateIdentityKeys, identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import type { NodeId } from '@tabswarm/protocol/ids';
import {
  answerChallenge,
  clientMessage,
  serverMessage,
  type ClientMessage,
  type ServerMessage,
} from '@tabswarm/protocol/signaling';
import { DEFAULT_LIMITS, type Limits } from '../src/limits.ts';
import {
  createSignaling,
  type Signaling,
  type SignalingCollaborators,
  type SignalingOptions,
} from '../src/signaling.ts';

export interface TestServer {
  readonly port: number;
  readonly http: string;
  readonly signaling: Signaling;
  readonly logged: readonly string[];
}

/** A server on a port of the system's choice, stopped when the test ends. */
export async function startServer(
  options: Partial<Omit<SignalingOptions, 'limits'>> & { limits?: Partial<Limits> } = {},
  collaborators: Partial<SignalingCollaborators> = {},
): Promise<TestServer> {
  const logged: string[] = [];
  const signaling = createSignaling(
    {
      files: new Map(),
      now: () => performance.now(),
      random: Math.random,
      log: (line) => logged.push(line),
      ...collaborators,
    },
    {
      host: '127.0.0.1',
      port: 0,
      iceServers: [],
      allowedOrigins: undefined,
      trustProxy: false,
      page: { signaling: ['signal'] },
      ...options,
      limits: { ...DEFAULT_LIMITS, closeMs: 200, ...options.limits },
    },
  );
  const port = await signaling.start();
  onTestFinished(() => signaling.stop());
  return { port, http: `http://127.0.0.1:${port}`, signaling, logged };
}

export type MessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>;

export interface TestClient {
  readonly socket: WebSocket;
  send(message: ClientMessage): void;
  /** The next message; rejects when it is of another type, or when the server closes first. */
  next<T extends ServerMessage['type']>(type: T): Promise<MessageOf<T>>;
  /** Resolves with the code when the connection has closed. */
  readonly closed: Promise<number>;
}

/** A socket to the server that has not said anything yet. */
export async function connect({ port }: TestServer, options: ClientOptions = {}): Promise<TestClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/signal`, options);
  onTestFinished(() => socket.terminate());
  const arrived: ServerMessage[] = [];
  let wake: (() => void) | undefined;
  let over = false;
  socket.on('message', (data: Buffer) => {
    arrived.push(serverMessage.decode(data));
    wake?.();
  });
  const closed = new Promise<number>((resolve) => {
    socket.once('close', (code) => {
      over = true;
      wake?.();
      resolve(code);
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  // What the server does to a rude client shows here as an error too; `closed` is what the tests look at.
  socket.on('error', () => undefined);

  return {
    socket,
    closed,
    send: (message) => socket.send(clientMessage.encode(message)),
    async next(type) {
      while (arrived.length === 0) {
        if (over) throw new Error(`the server closed instead of sending "${type}"`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const message = arrived.shift() as ServerMessage;
      if (message.type !== type) throw new Error(`expected "${type}", got ${JSON.stringify(message)}`);
      return message as MessageOf<typeof type>;
    },
  };
}

export async function newIdentity(): Promise<Identity> {
  return identityFromKeys(await generateIdentityKeys());
}

export interface SignedIn extends TestClient {
  readonly id: NodeId;
  readonly identity: Identity;
  readonly welcome: MessageOf<'welcome'>;
}

export async function signIn(
  server: TestServer,
  { identity, ...options }: ClientOptions & { identity?: Identity } = {},
): Promise<SignedIn> {
  const self = identity ?? (await newIdentity());
  const client = await connect(server, options);
  client.send(await answerChallenge(self, (await client.next('challenge')).nonce));
  return { ...client, id: self.id, identity: self, welcome: await client.next('welcome') };
}

/** The HTTP status of a refused upgrade, or 101 where it was let in. */
export async function upgradeStatus(url: string, options: ClientOptions = {}): Promise<number> {
  const socket = new WebSocket(url, options);
  onTestFinished(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.once('error', reject);
  });
}
