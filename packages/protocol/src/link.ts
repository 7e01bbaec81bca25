import { ProtocolError } from './error.ts';
import { concat, type Bytes } from './bytes.ts';
import { dict, int, message, oneOf, tagged, text } from './schema.ts';

/*
 * What travels on a link between two tabs. A link has two data channels:
 *   control   ordered; each message is one byte that names the protocol, then that protocol's message
 *   bulk      unordered; block parts only (see swarm.ts)
 */

/** The two data channels, negotiated out of band: both sides open them with these ids (RFC 8832 is not needed). */
export const CONTROL_CHANNEL_ID = 0;
export const BULK_CHANNEL_ID = 1;

/** 16 KiB is the size that every browser delivers in one piece; a longer message would delay those behind it. */
export const MAX_CONTROL_BYTES = 16 * 1024;
/** The protocol byte comes out of the 16 KiB. */
export const MAX_PAYLOAD_BYTES = MAX_CONTROL_BYTES - 1;

/** Protocols that share the control channel, by their byte on the wire. */
export const PROTOCOLS = { link: 0, dht: 1, swarm: 2, introduction: 3 } as const;
export type ProtocolName = keyof typeof PROTOCOLS;
const NAMES = Object.keys(PROTOCOLS) as readonly ProtocolName[];

export interface ControlFrame {
  readonly protocol: ProtocolName;
  readonly payload: Uint8Array;
}

export function encodeControlFrame({ protocol, payload }: ControlFrame): Bytes {
  if (payload.byteLength > MAX_PAYLOAD_BYTES) {
    throw new RangeError(`a control message of ${payload.byteLength} bytes, over ${MAX_PAYLOAD_BYTES}`);
  }
  return concat(Uint8Array.of(PROTOCOLS[protocol]), payload);
}

/** The frame's protocol and payload (a view, not a copy). Throws a ProtocolError. */
export function decodeControlFrame(frame: Uint8Array): ControlFrame {
  if (frame.byteLength > MAX_CONTROL_BYTES)
    throw new ProtocolError('too-large', 'a control message over 16 KiB');
  const protocol = NAMES.find((name) => PROTOCOLS[name] === frame[0]);
  if (!protocol) throw new ProtocolError('unknown', 'a control message of unknown protocol');
  return { protocol, payload: frame.subarray(1) };
}

/** Why a side closes a link. */
export const CLOSE_REASONS = ['leaving', 'pruned', 'full', 'protocol-error', 'idle'] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** More peer connections than one carry a link's bulk messages where that pays; its own is the first of them. */
export const MAX_CONNECTIONS = 4;
/** A session description of data channels has less than 1 KiB; candidates come in lists of at most so much. */
const MAX_SIGNAL_BYTES = 8 * 1024;
const lane = int(0, 0xffff);
const count = int(0, 0xffff_ffff);

/** Messages of the link itself: liveness, round trips, a word before leaving, and its lanes. */
export const linkMessage = message(
  tagged({
    ping: dict({ nonce: int(0, 0xffff_ffff) }),
    pong: dict({ nonce: int(0, 0xffff_ffff) }),
    bye: dict({ reason: oneOf(...CLOSE_REASONS) }),
    /** How a further connection comes about. The link vouches for the certificates that the descriptions name. */
    laneOffer: dict({ lane, sdp: text(MAX_SIGNAL_BYTES) }),
    laneAnswer: dict({ lane, sdp: text(MAX_SIGNAL_BYTES) }),
    /** JSON, a list of RTCIceCandidateInit. */
    laneCandidates: dict({ lane, candidates: text(MAX_SIGNAL_BYTES) }),
    /** So many messages have come on the lane in all. */
    laneGot: dict({ lane, count }),
    /** The lane is over or not wanted: so many have come, and none will be taken any more. */
    laneEnd: dict({ lane, count }),
  }),
  { maxBytes: MAX_PAYLOAD_BYTES },
);
export type LinkMessage = ReturnType<typeof linkMessage.decode>;
