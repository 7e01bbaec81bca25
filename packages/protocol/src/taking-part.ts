import { concat, utf8, type Bytes } from './bytes.ts';
import { ProtocolError } from './error.ts';
import { idBytes, type NodeId, type Root } from './ids.ts';
import { nodeIdOf, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifySignature, type Identity } from './identity.ts';
import { bytes, dict, int, message } from './schema.ts';

/*
 * "I take part in this share, and may be linked to for it." A node signs that for itself, and those who take part tell one
 * another: so nobody is dialed who did not ask for it, whoever names them. The root is covered by the signature and not
 * part of the statement, as it is told only to those who know it.
 */
const CONTEXT = utf8('tabswarm taking part 1\0');

/** A statement counts for so long: a node that has left is not looked for all day. */
export const STATEMENT_LIFETIME_MS = 60 * 60_000;
/** It may have been made this far ahead of the reader's clock. */
const CLOCK_SKEW_MS = 60_000;
export const MAX_STATEMENT_BYTES = 192;

const codec = message(
  dict({
    /** The public key of who takes part; its SHA-256 is that node's id. */
    author: bytes(PUBLIC_KEY_BYTES),
    /** Milliseconds since the Unix epoch, by the author's clock. */
    expires: int(0),
    signature: bytes(SIGNATURE_BYTES),
  }),
  { maxBytes: MAX_STATEMENT_BYTES },
);

export interface Statement {
  readonly node: NodeId;
  readonly expires: number;
  /** As it travels. */
  readonly bytes: Bytes;
}

export async function sealStatement(identity: Identity, root: Root, now: number): Promise<Statement> {
  const author = identity.publicKey;
  const expires = now + STATEMENT_LIFETIME_MS;
  const signature = await identity.sign(signedBytes(root, author, expires));
  return { node: identity.id, expires, bytes: codec.encode({ author, expires, signature }) };
}

/** Who says that, without proof. Throws a ProtocolError. */
export async function statedBy(raw: Uint8Array): Promise<NodeId> {
  return nodeIdOf(codec.decode(raw).author);
}

/**
 * Checks that the statement is about this share, of this time, and signed by the node that it names. Throws a
 * ProtocolError: `forged` where the signature does not match.
 */
export async function openStatement(raw: Bytes, root: Root, now: number): Promise<Statement> {
  const wire = codec.decode(raw);
  const { author, expires, signature } = wire;
  // Fields outside of the signature would make one statement many.
  if (codec.encode(wire).byteLength !== raw.byteLength)
    throw new ProtocolError('malformed', 'a statement with unsigned fields');
  if (expires <= now || expires > now + STATEMENT_LIFETIME_MS + CLOCK_SKEW_MS)
    throw new ProtocolError('malformed', 'a statement of another time');
  if (!(await verifySignature(author, signature, signedBytes(root, author, expires))))
    throw new ProtocolError('forged', 'a statement whose signature does not match');
  return { node: await nodeIdOf(author), expires, bytes: raw };
}

function signedBytes(root: Root, author: Bytes, expires: number): Bytes {
  return concat(CONTEXT, idBytes(root), author, utf8(String(expires)));
}
