import type { Link } from '@tabswarm/net';
import type { NodeId } from '@tabswarm/protocol/ids';
import {
  blockQuestions,
  encodePart,
  MAX_INFO_BYTES,
  PART_BYTES,
  swarmMessage,
  SWARM_VERSION,
  type RefusalReason,
  type SwarmMessage,
} from '@tabswarm/protocol/swarm';
import { bitfieldBytes } from '../src/bitfield.ts';
import { ROOT, type World } from './world.ts';

/** A source that sends nothing for 8 s is taken for stalled. */
const DRIP_MS = 7_000;

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

/** `dripping`: it begins an info dictionary as large as may be, and sends a part of it just before it would seem stalled. */
export type Claim = 'silent' | 'dripping' | RefusalReason;

export async function createClaimer(world: World, claim: Claim): Promise<Claimer> {
  const transport = await world.mute();
  let asked = 0;
  let links = 0;
  const join = (link: Link, answer: boolean): void => {
    const have = new Uint8Array(bitfieldBytes(world.blocks)).fill(0xff);
    const shown = { have, whole: false, info: true };
    say(link, { type: 'join', version: SWARM_VERSION, root: ROOT, ...shown, answer, batches: true });
  };
  transport.onLink((link) => {
    links += 1;
    link.channel('swarm').receive((bytes) => {
      const message = swarmMessage.decode(bytes);
      if (message.type === 'join' && !message.answer) join(link, true);
      if (!('request' in message) || message.type === 'cancel' || message.type === 'refuse') return;
      const questions = message.type === 'askBlocks' ? blockQuestions(message) : [message];
      asked += questions.length;
      if (claim === 'dripping') {
        if (message.type === 'askInfo') drip(world, link, message.request);
      } else if (claim !== 'silent') {
        for (const { request } of questions) say(link, { type: 'refuse', request, reason: claim });
      }
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

function drip(world: World, link: Link, request: number): void {
  const payload = new Uint8Array(PART_BYTES);
  let offset = 0;
  const next = (): void => {
    if (link.closed.aborted || offset >= MAX_INFO_BYTES) return;
    void link.bulk.send(encodePart({ request, total: MAX_INFO_BYTES, offset, payload }));
    offset += PART_BYTES;
    world.clock.after(DRIP_MS, next);
  };
  next();
}

function say(link: Link, message: SwarmMessage): void {
  if (!link.closed.aborted) void link.channel('swarm').send(swarmMessage.encode(message));
}
