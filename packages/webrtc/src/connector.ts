import type { Clock } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Bytes } from '@tabswarm/protocol/bytes';
import type { EnvelopeKind } from '@tabswarm/protocol/introduction';
import type { Introduced, Route } from './attempt.ts';
import { batchCandidates } from './candidates.ts';
import type { Census } from './census.ts';
import type { OpenConnection, Signal } from './connection.ts';
import type { Mailbox } from './mailbox.ts';

export interface ConnectorCollaborators {
  readonly open: OpenConnection;
  readonly iceServers: () => readonly RTCIceServer[];
  readonly census: Census;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
}

/** A knock comes again twice. Whoever sends more of them has us sign no more. */
const MAX_SAID_AGAIN = 2;

/** Makes a connection object, counts it, and tells the other side what it signals. */
export function createConnector({ open, iceServers, census, mailbox, clock }: ConnectorCollaborators) {
  return (
    remote: NodeId,
    { session, route, initiator }: { session: Bytes; route: Route; initiator: boolean },
  ): Introduced => {
    const said: (readonly [EnvelopeKind, string])[] = [];
    let way = route;
    const say = (kind: EnvelopeKind, body: string): void => {
      said.push([kind, body]);
      mailbox.tell(remote, way, kind, session, body);
    };
    const onCandidate = batchCandidates(clock, (body) => say('candidate', body));
    const onSignal = (signal: Signal): void => {
      if (signal.type !== 'candidate') say(signal.type, signal.sdp);
      else onCandidate(signal.candidate);
    };
    let leave: (() => void) | undefined;
    const onMade = (object: object): void => {
      leave = census.enter(object);
    };
    const connection = open({ initiator, iceServers: iceServers(), onSignal, onMade });
    // A connection that could not even be made is over before anything counted it.
    void connection.over.then(() => leave?.());
    let left = MAX_SAID_AGAIN;
    return {
      ...connection,
      sayAgain(other) {
        if (left === 0) return;
        left -= 1;
        way = other;
        for (const [kind, body] of said) mailbox.tell(remote, way, kind, session, body);
      },
    };
  };
}
