import type { Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { Route } from './attempt.ts';
import { batchCandidates } from './candidates.ts';
import type { Census } from './census.ts';
import type { Connection, OpenConnection, Signal } from './connection.ts';
import type { Mailbox } from './mailbox.ts';

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
    const onCandidate = batchCandidates(clock, (body) =>
      mailbox.tell(remote, route, 'candidate', session, body),
    );
    const onSignal = (signal: Signal): void => {
      if (signal.type !== 'candidate') mailbox.tell(remote, route, signal.type, session, signal.sdp);
      else onCandidate(signal.candidate);
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
