import type { Clock, Random } from '@tabswarm/base';
import { toHex } from '@tabswarm/protocol/bytes';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Attempt } from './attempt.ts';
import type { Mailbox } from './mailbox.ts';

/** A knock is repeated, as carriers may lose it, and given up after the last of these. */
const KNOCK_AGAIN_MS = [1_000, 2_500];
export const KNOCK_LIMIT_MS = 4_500;

export interface KnockerCollaborators {
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly random: Random;
  /** Nobody took the knock, or nobody answered it. */
  readonly onAbsent: (attempt: Attempt, cause?: unknown) => void;
}

/** Asks the other side of an attempt for a link, until it answers or there has been time enough. */
export function createKnocker({ mailbox, clock, random, onAbsent }: KnockerCollaborators) {
  return (attempt: Attempt, via: NodeId | undefined): void => {
    const session = random.bytes(16);
    attempt.knocked = session;
    attempt.sessions.set(toHex(session), clock.now());
    const send = async (): Promise<void> => {
      const taken = await mailbox.knock(attempt.remote, session, via);
      for (const introducer of taken) attempt.hopes.add(introducer);
      if (taken.length === 0 && !attempt.connection) onAbsent(attempt);
    };
    const trySend = (): void => {
      if (!attempt.connection) send().catch((cause: unknown) => onAbsent(attempt, cause));
    };
    trySend();
    for (const ms of KNOCK_AGAIN_MS) attempt.timers.push(clock.after(ms, trySend));
    const giveUp = (): void => {
      if (!attempt.connection) onAbsent(attempt);
    };
    attempt.timers.push(clock.after(KNOCK_LIMIT_MS, giveUp));
  };
}
