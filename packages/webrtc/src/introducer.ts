import type { Unsubscribe } from '@tabswarm/base';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Envelope } from '@tabswarm/protocol/introduction';

/** An envelope that came, and the linked node that brought it where it was one. */
export interface Arrival {
  readonly envelope: Bytes;
  readonly via?: NodeId | undefined;
  /** Who sent it, as the carrier says. Only the envelope itself proves it. */
  readonly from?: NodeId | undefined;
  /** What is in it, where this introducer has checked already all that `openEnvelope` checks. */
  readonly opened?: Envelope | undefined;
}

/** Whoever can carry envelopes between tabs that are not linked: the signaling server, or linked peers. */
export interface Introducer {
  /** For the log. */
  readonly name: string;
  /** Whether anybody took the envelope; not whether it arrives. Never rejects. */
  carry(to: NodeId, envelope: Bytes, options?: { readonly via?: NodeId | undefined }): Promise<boolean>;
  onEnvelope(listener: (arrival: Arrival) => void): Unsubscribe;
  /** Told of a node that this introducer has been asked for and does not know. */
  onAbsent(listener: (node: NodeId) => void): Unsubscribe;
}
