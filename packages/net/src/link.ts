import type { Unsubscribe } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { CloseReason, ProtocolName } from '@tabswarm/protocol/link';

/** The link is over, or was never made. Waiting sends reject with it. */
export class LinkClosedError extends Error {
  override readonly name = 'LinkClosedError';
  /** What the side that closed gave as its reason; `lost` where the other side just went away. */
  readonly reason: CloseReason | 'lost';

  constructor(reason: CloseReason | 'lost') {
    super(`the link is closed: ${reason}`);
    this.reason = reason;
  }
}

/** One way to exchange whole messages with the other end of a link. */
export interface Channel {
  /** The largest message, in bytes; `send` throws a RangeError for a larger one. */
  readonly maxBytes: number;
  /**
   * Hands the message over, as soon as there is room in the send buffer: a resolved promise means "send the next one",
   * not "it arrived". Rejects with a LinkClosedError, or with `signal.reason`. The bytes may be reused afterwards.
   */
  send(message: Uint8Array<ArrayBuffer>, options?: { signal?: AbortSignal }): Promise<void>;
  /**
   * The one receiver of what arrives. Messages that came before are handed over at once, in order. A receiver that
   * throws a ProtocolError ends the link with the reason `protocol-error`.
   */
  receive(receiver: (message: Uint8Array<ArrayBuffer>) => void): Unsubscribe;
}

/** How packets of a link travel: straight between the two, or through a TURN server. */
export type Route = 'direct' | 'relayed';

export interface LinkStats {
  /** Milliseconds since the Unix epoch. */
  readonly openedAt: number;
  /** Smoothed round trip in milliseconds (RFC 6298), undefined before the first was measured. */
  readonly rttMs: number | undefined;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Absent as long as it is not known. */
  readonly route?: Route | undefined;
}

/** An open connection to one node, whose identity has been proven. */
export interface Link {
  readonly remote: NodeId;
  /** Ordered and reliable; the protocols share one data channel. */
  channel(protocol: Exclude<ProtocolName, 'link'>): Channel;
  /** Reliable, not ordered; for block parts. */
  readonly bulk: Channel;
  /** Aborts, with a LinkClosedError as its reason, when the link is over. */
  readonly closed: AbortSignal;
  stats(): LinkStats;
  /** Tells the other side why, and ends the link. Idempotent. */
  close(reason: CloseReason): void;
}
