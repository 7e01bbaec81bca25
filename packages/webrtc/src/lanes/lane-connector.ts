import { createTokenBucket, type Clock } from '@tabswarm/base';
import type { Census } from '../census.ts';
import type { Connection, OpenConnection, Signal } from '../connection.ts';

/** Lanes only make things faster: where so many connections are not collected, those are for links. */
const MAX_UNCOLLECTED_WITH_LANE = 100;
/** Open at once, of all links of a tab. */
const MAX_LANES = 12;
/** Made at once, and in the long run: a peer that asks for one after the other must not use up the connections. */
const BURST = 12;
const PER_SECOND = 0.1;

export interface LaneConnectorCollaborators {
  readonly open: OpenConnection;
  readonly iceServers: () => readonly RTCIceServer[];
  readonly census: Census;
  readonly clock: Clock;
}

/** Makes the connection of a lane, or does not where the tab has too many. */
export type ConnectLane = (options: {
  readonly initiator: boolean;
  readonly onSignal: (signal: Signal) => void;
}) => Connection | undefined;

export function createLaneConnector({
  open,
  iceServers,
  census,
  clock,
}: LaneConnectorCollaborators): ConnectLane {
  const bucket = createTokenBucket(clock, PER_SECOND, BURST);
  let lanes = 0;
  return ({ initiator, onSignal }) => {
    if (lanes >= MAX_LANES || census.counts().uncollected >= MAX_UNCOLLECTED_WITH_LANE || !bucket.take()) {
      return undefined;
    }
    let leave: (() => void) | undefined;
    const connection = open({
      initiator,
      iceServers: iceServers(),
      onSignal,
      onMade(object) {
        leave = census.enter(object);
      },
    });
    lanes += 1;
    void connection.over.then(() => {
      lanes -= 1;
      leave?.();
    });
    return connection;
  };
}
