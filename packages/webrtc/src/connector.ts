import type { Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { Route } from './attempt.ts';
import { encodeCandidates } from './candidates.ts';
import type { Census } from './census.ts';
import type { Connection, OpenConnection, Signal } from './connection.ts';
import type { Mailbox } from './mailbox.ts';

/**
 * Candidates found within this time travel together: each envelope costs a signature. The first, those of the machine
 * itself, come all at once, and nothing goes on without one.
 */
const FIRST_BATCH_MS = 1;
const CANDIDATE_BATCH_MS = 10;

export interface ConnectorCollaborators {
  readonly open: OpenConnection;
  readonly iceServers: () => readonly RTCIceServer[];
  readonly census: Census;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
}

/** Makes a connection object, counts it, and tells the other side what it signals. */
export function createConnector({ open, iceServers, census, mailbox, clock }: ConnectorCollaborators) {
  return (
    remote: NodeId,
    { session, route, initiator }: { session: Bytes; route: Route; initiator: boolean },
  ): Connection => {
    let candidates: RTCIceCandidateInit[] = [];
    let batchMs = FIRST_BATCH_MS;
    const flush = (): void => {
      for (const body of encodeCandidates(candidates))
        mailbox.tell(remote, route, 'candidate', session, body);
      candidates = [];
      batchMs = CANDIDATE_BATCH_MS;
    };
    const onSignal = (signal: Signal): void => {
      if (signal.type !== 'candidate') mailbox.tell(remote, route, signal.type, session, signal.sdp);
      else if (candidates.push(signal.candidate) === 1) clock.after(batchMs, flush);
    };
    let leave: (() => void) | undefined;
    const onMade = (object: object): void => {
      leave = census.enter(object);
    };
    const connection = open({ initiator, iceServers: iceServers(), onSignal, onMade });
    // A connection that could not even be made is over before anything counted it.
    void connection.over.then(() => leave?.());
    return connection;
  };
}
