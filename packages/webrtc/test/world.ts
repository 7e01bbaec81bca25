import { createLog, type LogEntry } from '@tabswarm/base';
import { generateIdentityKeys, identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import type { OpenConnection } from '../src/connection.ts';
import { createWebRtcTransport, type WebRtcTransport } from '../src/transport.ts';
import { createFakeConnections, type FakeConnections } from './fake-connections.ts';
import { createSwitchboard, type Switchboard } from './switchboard.ts';

/** Tabs with transports of the product over connections of memory. */
export interface World {
  readonly clock: ManualClock;
  readonly connections: FakeConnections;
  readonly entries: LogEntry[];
  /** `through`: what its connections go through. */
  node(options?: {
    maxLinks?: number;
    identity?: Identity;
    through?: (open: OpenConnection) => OpenConnection;
  }): Promise<WebRtcTransport>;
}

export function createWorld(board: Switchboard = createSwitchboard()): World {
  const clock = createManualClock();
  const connections = createFakeConnections();
  const entries: LogEntry[] = [];
  let made = 0;
  return {
    clock,
    connections,
    entries,
    async node({ maxLinks = 64, identity: given, through = (open: OpenConnection) => open } = {}) {
      made += 1;
      const identity = given ?? (await identityFromKeys(await generateIdentityKeys()));
      const transport = createWebRtcTransport(
        {
          identity,
          introducers: [board.introducer(identity.id)],
          open: through(connections.opener(made.toString(16).padStart(2, '0'))),
          iceServers: () => [],
          clock,
          random: createSeededRandom(made),
          log: createLog((entry) => entries.push(entry)),
        },
        { maxLinks },
      );
      await transport.start();
      return transport;
    },
  };
}
