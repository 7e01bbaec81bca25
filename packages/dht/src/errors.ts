import type { NodeId } from '@tabswarm/protocol/ids';
import type { ReplyOutcome, SignedRecord } from '@tabswarm/protocol/dht';

/** There is no open link, so nobody could be asked. What this tab knows by itself has been given before. */
export class NoNetworkError extends Error {
  override readonly name = 'NoNetworkError';

  constructor(options?: ErrorOptions) {
    super('this tab is linked to no other', options);
  }
}

/** No node answered for that one, over any path. */
export class NoRouteError extends Error {
  override readonly name = 'NoRouteError';
  readonly node: NodeId;

  constructor(node: NodeId, options?: ErrorOptions) {
    super(`no way to ${node.slice(0, 8)} over open links`, options);
    this.node = node;
  }
}

/** None of the nodes closest to its key kept the record. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
  readonly outcome: ReplyOutcome;

  constructor(outcome: ReplyOutcome, options?: ErrorOptions) {
    super(`no node kept the record: ${outcome}`, options);
    this.outcome = outcome;
  }
}

/**
 * Too few of the nodes that keep the records under a key answered: what the others say may be superseded, or withheld.
 * Worth another try, which takes other ways.
 */
export class UnsureError extends Error {
  override readonly name = 'UnsureError';
  /** What the others said. */
  readonly records: readonly SignedRecord[];

  constructor(records: readonly SignedRecord[], options?: ErrorOptions) {
    super('too few of those that keep these records answered', options);
    this.records = records;
  }
}
