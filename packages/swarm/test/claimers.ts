import type { Link } from '@tabswarm/net';
import type { NodeId } from '@tabswarm/protocol/ids';
import { swarmMessage, SWARM_VERSION, type RefusalReason, type SwarmMessage } from '@tabswarm/protocol/swarm';
import { bitfieldBytes } from '../src/bitfield.ts';
import { ROOT, type World } from './world.ts';

/** A node that says that it has all of the share and gives nothing: it is silent, or refuses whatever it is asked for. */
export interface Claimer {
  readonly id: NodeId;
  /** How often it was asked for anything. */
  asked(): number;
  /** How often it was linked to. */
  links(): number;
  /** Leaves the share and joins it again, as if it were new. */
  rejoin(): void;
}

export type Claim = 'silent' | RefusalReason;

export async function createClaimer(world: World, claim: Claim): Promise<Claimer> {
  const transport = await world.mute();
  let asked = 0;
  let links = 0;
  const join = (link: Link, answer: boolean): void => {
    const have = new Uint8Array(bitfieldBytes(world.blocks)).fill(0xff);
    say(link, { type: 'join', version: SWARM_VERSION, root: ROOT, have, whole: false, info: true, answer });
  };
  transport.onLink((link) => {
    links += 1;
    link.channel('swarm').receive((bytes) => {
      const message = swarmMessage.decode(bytes);
      if (message.type === 'join' && !message.answer) join(link, true);
      if (!('request' in message) || message.type === 'cancel' || message.type === 'refuse') return;
      asked += 1;
      if (claim !== 'silent') say(link, { type: 'refuse', request: message.request, reason: claim });
    });
  });
  return {
    id: transport.self,
    asked: () => asked,
    links: () => links,
    rejoin() {
      for (const link of transport.links()) {
        say(link, { type: 'leave', root: ROOT });
        join(link, false);
      }
    },
  };
}

function say(link: Link, message: SwarmMessage): void {
  if (!link.closed.aborted) void link.channel('swarm').send(swarmMessage.encode(message));
}
