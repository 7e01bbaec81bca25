import { createDeferred, type Deferred } from '@tabswarm/base';
import type { Link, UnreachableReason } from '@tabswarm/net';
import { toHex, type Bytes } from '@tabswarm/protocol/bytes';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Connection } from './connection.ts';
import type { Introducer } from './introducer.ts';

/** The way by which the two sides of an attempt reach one another. */
export interface Route {
  readonly introducer: Introducer;
  readonly via?: NodeId | undefined;
}

/** A connection on its way, of which the other side is told in envelopes. */
export interface Introduced extends Connection {
  /** Says what was said so far once more, by another route, and all that follows by that one; twice at most. */
  sayAgain(route: Route): void;
}

/** Two nodes on the way to a link. There is one attempt per remote node, whoever began it. */
export interface Attempt {
  readonly remote: NodeId;
  readonly outcome: Deferred<Link>;
  /** Sessions that name this attempt, in hexadecimal: ours, where we knocked, and theirs, with when they last knocked. */
  readonly sessions: Map<string, number>;
  /** The session we knocked with. */
  knocked?: Bytes | undefined;
  /** Introducers that took our knock and have not said that they do not know the node. */
  readonly hopes: Set<Introducer>;
  /** Set as soon as there is a connection object; from then on only `session` counts. */
  connection?: Introduced | undefined;
  session?: Bytes | undefined;
  /** Whether `connection` took the place of another, for a tab that was loaded anew. */
  replaced?: boolean | undefined;
  /** Calls off the timers of the attempt. */
  readonly timers: (() => void)[];
}

export function createAttempt(remote: NodeId): Attempt {
  const outcome = createDeferred<Link>();
  // Whoever dials is told; an attempt that the other side began has nobody waiting here.
  outcome.promise.catch(() => undefined);
  return { remote, outcome, sessions: new Map(), hopes: new Set(), timers: [] };
}

/** Whether a knock of that time was sent after those by whose session the connection came to be: these are given up. */
export function isNewerThanBound({ session, knocked, sessions }: Attempt, time: number): boolean {
  const bound = session && toHex(session);
  if (bound === undefined || (knocked && toHex(knocked) === bound)) return false;
  return time > (sessions.get(bound) ?? Infinity);
}

/** How a refusal by the other side is told to the one who dialed. */
export function reasonForDecline(decline: string): UnreachableReason {
  return decline === 'too-old' || decline === 'too-new' ? 'incompatible' : 'declined';
}
