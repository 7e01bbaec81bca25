import { createTokenBucket, type Clock } from '@tabswarm/base';
import {
  FORWARD_BURST,
  FORWARDS_PER_SECOND,
  HAND_BURST,
  HANDS_PER_SECOND,
  REQUEST_BURST,
  REQUESTS_PER_SECOND,
  TOLD_BURST,
  TOLD_PER_SECOND,
} from '../limits.ts';

/**
 * What one neighbour may have us do: each as often as an honest one ever needs, so that none can take up all of a tab's
 * time or memory. What is more is passed over before any signature is verified.
 */
export interface Allowance {
  /** To be answered, at most REQUESTS_PER_SECOND after a burst. */
  mayRequest(): boolean;
  /** To have a request forwarded, at most FORWARDS_PER_SECOND after a burst. */
  mayForward(): boolean;
  /** To hand us a record, HANDS_PER_SECOND after a burst: as many as an honest neighbour hands over. */
  mayHand(): boolean;
  /** To tell us of a node, TOLD_PER_SECOND after a burst. */
  mayTell(): boolean;
}

export function createAllowance(clock: Clock): Allowance {
  const requests = createTokenBucket(clock, REQUESTS_PER_SECOND, REQUEST_BURST);
  const forwards = createTokenBucket(clock, FORWARDS_PER_SECOND, FORWARD_BURST);
  // Its own count of what it may hand over began a little earlier than ours, and its messages come in bunches.
  const hands = createTokenBucket(clock, 2 * HANDS_PER_SECOND, HAND_BURST);
  const told = createTokenBucket(clock, TOLD_PER_SECOND, TOLD_BURST);
  return {
    mayRequest: () => requests.take(),
    mayForward: () => forwards.take(),
    mayHand: () => hands.take(),
    mayTell: () => told.take(),
  };
}
