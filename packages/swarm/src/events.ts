import type { UnreachableReason } from '@tabswarm/net';
import type { NodeId } from '@tabswarm/protocol/ids';

/** What happens while a share is fetched. The iteration ends when all of it is here. */
export type FetchEvent =
  /** Somebody is said to hold it and is being linked to. */
  | { readonly type: 'reaching'; readonly peer: NodeId }
  | {
      readonly type: 'unreachable';
      readonly peer: NodeId;
      readonly reason: UnreachableReason | 'not-holding';
    }
  /** A source more, a source less. */
  | { readonly type: 'joined'; readonly peer: NodeId }
  | { readonly type: 'left'; readonly peer: NodeId }
  /** The info dictionary is here and its hash is the root. */
  | { readonly type: 'informed' }
  /** It sent what does not hash to what was asked for (`before`: at some other time), and is not asked again for an hour. */
  | { readonly type: 'banned'; readonly peer: NodeId; readonly what: 'block' | 'info' | 'hashes' | 'before' };
