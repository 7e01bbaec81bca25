import { ProtocolError } from './error.ts';
import { concat, fromHex, sha256, utf8, type Bytes } from './bytes.ts';
import { idBytes, idFromBytes, type NodeId } from './ids.ts';
import { nodeIdOf, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, verifySignature, type Identity } from './identity.ts';
import { MAX_PAYLOAD_BYTES } from './link.ts';
import { bytes, dict, id, int, message, oneOf, type Infer } from './schema.ts';

/*
 * How two tabs that are not linked agree on a WebRTC connection. What they say to one another travels in envelopes,
 * carried by whoever can: a signaling server, or tabs in between. Carriers are not trusted. The signature binds both
 * ends, the moment and the DTLS certificate, so a carrier can lose an envelope but not pose as either end. ICE
 * candidates are not bound: a false one costs an attempt, and DTLS refuses whoever answers at it.
 */

/** Version of the envelopes and of what follows on the link. A tab that meets another version says so. */
export const INTRODUCTION_VERSION = 3;

/** Envelopes further than this from the receiver's clock are refused; browsers' clocks are usually right to seconds. */
export const MAX_CLOCK_SKEW_MS = 60_000;
/** A data-only session description takes about 700 bytes, with all candidates under 4 KiB. */
export const MAX_DESCRIPTION_BYTES = 8 * 1024;
const MAX_ENVELOPE_BYTES = 10 * 1024;
const SESSION_BYTES = 16;
const FINGERPRINT_BYTES = 32;
const SIGNATURE_CONTEXT = utf8('tabswarm introduction 1\0');

/**
 * - `knock`: will you be linked to me? No connection object exists yet on either side. The answer is an offer, a `decline`,
 *   or, by one that has knocked as well and has the greater id:
 * - `accept`: yes. The node with the smaller id now offers.
 * - `decline`: no; `body` is one of DECLINE_REASONS.
 * - `offer`, `answer`: session descriptions; `candidate`: one more ICE candidate.
 */
export const ENVELOPE_KINDS = ['knock', 'accept', 'decline', 'offer', 'answer', 'candidate'] as const;
export type EnvelopeKind = (typeof ENVELOPE_KINDS)[number];
export const DECLINE_REASONS = ['full', 'busy', 'too-old', 'too-new'] as const;
export type DeclineReason = (typeof DECLINE_REASONS)[number];

const envelopeSchema = dict({
  version: int(0, 0xffff),
  kind: oneOf(...ENVELOPE_KINDS),
  /** The sender's public key; its SHA-256 is the sender's id. */
  from: bytes(PUBLIC_KEY_BYTES),
  to: id<NodeId>(),
  /** Chosen by the one who knocks; names the attempt in everything that follows. */
  session: bytes(SESSION_BYTES),
  /** Milliseconds since the Unix epoch, by the sender's clock. */
  time: int(0),
  body: bytes({ max: MAX_DESCRIPTION_BYTES }),
  signature: bytes(SIGNATURE_BYTES),
});
const envelopeCodec = message(envelopeSchema, { maxBytes: MAX_ENVELOPE_BYTES });
type WireEnvelope = Infer<typeof envelopeSchema>;

export interface Envelope {
  readonly version: number;
  readonly kind: EnvelopeKind;
  readonly from: NodeId;
  readonly publicKey: Bytes;
  readonly to: NodeId;
  /** 16 bytes. */
  readonly session: Bytes;
  readonly time: number;
  /** For `offer` and `answer` the SDP, for `candidate` the candidate as JSON, for `decline` the reason: all UTF-8. */
  readonly body: Bytes;
}

/** Signs and encodes. `body` of an offer or answer must hold exactly one SHA-256 fingerprint. */
export async function sealEnvelope(
  identity: Identity,
  fields: Pick<Envelope, 'kind' | 'to' | 'session' | 'time' | 'body'>,
): Promise<Bytes> {
  const unsigned = { version: INTRODUCTION_VERSION, from: identity.publicKey, ...fields };
  return envelopeCodec.encode({ ...unsigned, signature: await identity.sign(signedBytes(unsigned)) });
}

/**
 * Decodes and checks the signature, and that it is meant for `self`, about now. Throws a ProtocolError: `forged` where
 * the signature does not cover what is there, a changed fingerprint included.
 */
export async function openEnvelope(raw: Uint8Array, self: NodeId, now: number): Promise<Envelope> {
  const wire = decodeEnvelope(raw);
  const { signature, from: publicKey, ...rest } = wire;
  if (wire.to !== self) throw new ProtocolError('malformed', 'an envelope for somebody else');
  if (Math.abs(wire.time - now) > MAX_CLOCK_SKEW_MS) {
    throw new ProtocolError('malformed', 'an envelope from another time');
  }
  const [isAuthentic, from] = await Promise.all([
    verifySignature(publicKey, signature, signedBytes(wire)),
    nodeIdOf(publicKey),
  ]);
  if (!isAuthentic) throw new ProtocolError('forged', 'an envelope whose signature does not match');
  return { ...rest, publicKey, from };
}

/** What those who carry an envelope see of it. */
export interface EnvelopeRoute {
  readonly version: number;
  readonly kind: EnvelopeKind;
  /** Who it says that it is from, which `isAuthentic` proves. */
  readonly from: NodeId;
  readonly to: NodeId;
  readonly time: number;
  /** Of what is signed, and of candidates: two that are alike are the same one, come twice, whatever else was changed. */
  readonly digest: string;
  /** Whether the signature matches. */
  isAuthentic(): Promise<boolean>;
  /** All of it, for the node that it is for; true only where `isAuthentic` says so. */
  readonly envelope: Envelope;
}

/**
 * For those who carry an envelope. Checks the form, for which a `knock` and an `accept` have no body. Throws a
 * ProtocolError, also where nothing could have been signed.
 */
export async function envelopeRoute(raw: Uint8Array): Promise<EnvelopeRoute> {
  const wire = decodeEnvelope(raw);
  const { signature, from: publicKey, ...rest } = wire;
  const { version, kind, to, time, body } = rest;
  if ((kind === 'knock' || kind === 'accept') && body.byteLength > 0) {
    throw new ProtocolError('malformed', 'an envelope with a body that nobody reads');
  }
  const signed = signedBytes(wire);
  // Those of one moment differ in nothing else.
  const candidates = kind === 'candidate' ? body : new Uint8Array();
  const [from, digest] = await Promise.all([
    nodeIdOf(publicKey),
    sha256(concat(signature, signed, candidates)),
  ]);
  return {
    version,
    kind,
    from,
    to,
    time,
    digest: idFromBytes<NodeId>(digest),
    isAuthentic: () => verifySignature(publicKey, signature, signed),
    envelope: { ...rest, publicKey, from },
  };
}

function decodeEnvelope(raw: Uint8Array): WireEnvelope {
  const wire = envelopeCodec.decode(raw);
  // Unknown fields are outside of the signature: whoever added some would have one envelope carried as many. A newer
  // version may have fields that ours has not, and is to learn that we are too old.
  if (wire.version === INTRODUCTION_VERSION && envelopeCodec.encode(wire).byteLength !== raw.byteLength)
    throw new ProtocolError('malformed', 'an envelope with unsigned fields');
  return wire;
}

/**
 * The SHA-256 fingerprint of the DTLS certificate in a session description (RFC 8122), 32 bytes. A description with
 * none, with another hash, or with two that differ is refused: it would leave open which one the browser checks.
 */
export function fingerprintOf(description: string): Bytes {
  const lines = description.match(/^a=fingerprint:.*$/gim) ?? [];
  const found = new Set(lines.map((line) => line.trim().toLowerCase()));
  const only = [...found][0]?.match(/^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/);
  if (found.size !== 1 || !only) throw new ProtocolError('malformed', 'not exactly one SHA-256 fingerprint');
  const fingerprint = fromHex((only[1] as string).replaceAll(':', ''));
  if (fingerprint.byteLength !== FINGERPRINT_BYTES)
    throw new ProtocolError('malformed', 'a short fingerprint');
  return fingerprint;
}

function signedBytes(wire: Omit<WireEnvelope, 'signature'>): Bytes {
  const bound =
    wire.kind === 'offer' || wire.kind === 'answer' ? fingerprintOf(textOf(wire.body)) : new Uint8Array();
  // What says how the attempt goes on is bound whole; candidates may be changed on the way.
  const plain = wire.kind === 'decline' ? wire.body : new Uint8Array();
  const header = utf8(`${wire.version} ${wire.kind} ${wire.time} ${bound.byteLength} ${plain.byteLength}\0`);
  return concat(SIGNATURE_CONTEXT, header, wire.from, idBytes(wire.to), wire.session, bound, plain);
}

function textOf(body: Bytes): string {
  return new TextDecoder().decode(body);
}

/** How many tabs may carry one envelope between its two ends. */
export const MAX_RELAY_HOPS = 12;

/** On the `introduction` protocol of a link: please carry this envelope on. */
export const relayMessage = message(
  dict({ hops: int(0, MAX_RELAY_HOPS), envelope: bytes({ max: MAX_ENVELOPE_BYTES }) }),
  { maxBytes: MAX_PAYLOAD_BYTES },
);
