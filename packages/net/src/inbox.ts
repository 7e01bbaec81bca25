import type { Unsubscribe } from '@tabswarm/base';

type Bytes = Uint8Array<ArrayBuffer>;

/** The receiving half of a Channel: holds what arrives before there is a receiver, up to a bound. */
export interface Inbox {
  /** False where the message is one too many; the link must then be closed. */
  deliver(message: Bytes): boolean;
  receive(receiver: (message: Bytes) => void): Unsubscribe;
}

/** Enough for what a well-behaved peer says before the other side's protocols listen. */
const MAX_HELD_MESSAGES = 256;

export function createInbox(onReceiverError: (cause: unknown) => void): Inbox {
  let receiver: ((message: Bytes) => void) | undefined;
  let held: Bytes[] = [];

  const hand = (message: Bytes): void => {
    try {
      receiver?.(message);
    } catch (cause) {
      onReceiverError(cause);
    }
  };

  return {
    deliver(message) {
      if (receiver) hand(message);
      else if (held.length < MAX_HELD_MESSAGES) held.push(message);
      else return false;
      return true;
    },
    receive(next) {
      receiver = next;
      const waiting = held;
      held = [];
      for (const message of waiting) hand(message);
      return () => {
        if (receiver === next) receiver = undefined;
      };
    },
  };
}
