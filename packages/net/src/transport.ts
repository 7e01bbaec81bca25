import type { Unsubscribe } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Link } from './link.ts';

/**
 * - `absent`: nobody who could introduce us knows that node
 * - `declined`: it has no room, or will not be linked to us
 * - `incompatible`: it speaks another version
 * - `no-path`: it answered, but no network path was found between the two
 * - `busy`: our own limits on new connections are reached
 * - `stopped`: the transport is not running
 */
export type UnreachableReason = 'absent' | 'declined' | 'incompatible' | 'no-path' | 'busy' | 'stopped';

/** A dial came to nothing, for a reason that a person can be told. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  readonly node: NodeId;
  readonly reason: UnreachableReason;

  constructor(node: NodeId, reason: UnreachableReason, options?: ErrorOptions) {
    super(`${node.slice(0, 8)} cannot be reached: ${reason}`, options);
    this.node = node;
    this.reason = reason;
  }
}

export interface DialOptions {
  readonly signal?: AbortSignal | undefined;
  /** A linked node that is believed to be linked to the one dialed, and so may introduce us. */
  readonly via?: NodeId | undefined;
}

/** Makes and accepts links. Implementations: the in-memory network, WebRTC. */
export interface Transport {
  readonly self: NodeId;
  /** The open links, at most one per node. */
  links(): readonly Link[];
  link(node: NodeId): Link | undefined;
  /**
   * The link to that node: the open one, the one being made, or a new one. Rejects with an UnreachableError or with
   * `signal.reason`; aborting one of several waiting dials leaves the others alone.
   */
  dial(node: NodeId, options?: DialOptions): Promise<Link>;
  /** Called for each new link, whichever side asked for it, before any of its messages are delivered. */
  onLink(listener: (link: Link) => void): Unsubscribe;
  start(): Promise<void>;
  /** Closes all links with the reason `leaving`. */
  stop(): Promise<void>;
}
