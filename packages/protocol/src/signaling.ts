import { concat, utf8, type Bytes } from './bytes.ts';
import type { NodeId } from './ids.ts';
import { nodeIdOf, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifySignature, type Identity } from './identity.ts';
import { bytes, dict, id, int, list, message, oneOf, optional, tagged, text } from './schema.ts';

/*
 * Between a tab and the signaling server, over one WebSocket at SIGNALING_PATH, one message per binary frame.
 * The server speaks first. It learns node ids and carries envelopes that it cannot read anything from or change
 * (introduction.ts); it keeps nothing.
 */
export const SIGNALING_VERSION = 1;
export const SIGNALING_PATH = '/signal';

/** A newcomer is told of so many live peers, never of all. */
export const MAX_INTRODUCED_PEERS = 8;
/** One envelope and its frame. */
export const MAX_SIGNALING_BYTES = 12 * 1024;
const CHALLENGE_BYTES = 32;
const HELLO_CONTEXT = utf8('tabswarm hello 1\0');

const envelope = bytes({ min: 1, max: 10 * 1024 });

/** Why the server ends a connection. */
export const REFUSALS = [
  'too-old',
  'too-new',
  'forged',
  'malformed',
  'too-fast',
  'full',
  'replaced',
] as const;
export type Refusal = (typeof REFUSALS)[number];

export const clientMessage = message(
  tagged({
    /** The answer to the challenge: `signature` is over HELLO_CONTEXT and the challenge. */
    hello: dict({
      version: int(0, 0xffff),
      publicKey: bytes(PUBLIC_KEY_BYTES),
      signature: bytes(SIGNATURE_BYTES),
    }),
    /** Carry this envelope to that node. */
    send: dict({ to: id<NodeId>(), envelope }),
    /** Tell me of other peers. */
    more: dict({}),
  }),
  { maxBytes: MAX_SIGNALING_BYTES },
);
export type ClientMessage = ReturnType<typeof clientMessage.decode>;

const iceServer = dict({
  urls: list(text(256), { max: 8 }),
  username: optional(text(256)),
  credential: optional(text(256)),
});

export const serverMessage = message(
  tagged({
    challenge: dict({ version: int(0, 0xffff), nonce: bytes(CHALLENGE_BYTES) }),
    /** Signed in. `iceServers` are the STUN and TURN servers that this server's operator offers. */
    welcome: dict({
      peers: list(id<NodeId>(), { max: MAX_INTRODUCED_PEERS }),
      iceServers: list(iceServer, { max: 8 }),
    }),
    peers: dict({ peers: list(id<NodeId>(), { max: MAX_INTRODUCED_PEERS }) }),
    /** An envelope for you. */
    deliver: dict({ from: id<NodeId>(), envelope }),
    /** The node you sent to is not signed in here. */
    absent: dict({ to: id<NodeId>() }),
    /** The last word before the server closes. */
    refused: dict({ reason: oneOf(...REFUSALS) }),
  }),
  { maxBytes: MAX_SIGNALING_BYTES },
);
export type ServerMessage = ReturnType<typeof serverMessage.decode>;
export type IceServer = Extract<ServerMessage, { type: 'welcome' }>['iceServers'][number];

export function newChallenge(): Bytes {
  return crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES));
}

/** The tab's side of signing in. */
export async function answerChallenge(identity: Identity, nonce: Bytes): Promise<ClientMessage> {
  return {
    type: 'hello',
    version: SIGNALING_VERSION,
    publicKey: identity.publicKey,
    signature: await identity.sign(concat(HELLO_CONTEXT, nonce)),
  };
}

/** The server's side: who said hello, or undefined where the signature does not match. */
export async function verifyHello(
  hello: Extract<ClientMessage, { type: 'hello' }>,
  nonce: Bytes,
): Promise<NodeId | undefined> {
  const valid = await verifySignature(hello.publicKey, hello.signature, concat(HELLO_CONTEXT, nonce));
  return valid ? nodeIdOf(hello.publicKey) : undefined;
}
