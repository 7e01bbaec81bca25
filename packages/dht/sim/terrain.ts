import { randomInt, type Random } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';

/** What lies between the nodes of a simulated network: distances, lossy lines, and pairs with no way at all. */
export interface Terrain {
  /** One-way delay of the next message, in whole milliseconds. */
  latencyMs(from: NodeId, to: NodeId): number;
  connectable(a: NodeId, b: NodeId): boolean;
  /** From now on only nodes that `side` gives the same number reach one another; undefined heals it. */
  split(side: ((node: NodeId) => number) | undefined): void;
}

export interface TerrainOptions {
  /** Share of pairs between which no connection can be made, as behind two strict NATs. */
  readonly unconnectable: number;
  /** Share of messages that are lost once and sent again, as reliable channels do. */
  readonly loss: number;
}

/** Nodes lie on a square; crossing it takes so long, and the nearest still so long. */
const ACROSS_MS = 70;
const NEAR_MS = 8;
/** A lost packet shows after about a retransmission time-out. */
const RETRANSMIT_MS = 250;

export function createTerrain(random: Random, { unconnectable, loss }: TerrainOptions): Terrain {
  const salt = randomInt(random, 0xffff);
  let sideOf: ((node: NodeId) => number) | undefined;

  return {
    latencyMs: (from, to) => delay(from, to) + (loss > 0 && random.number() < loss ? RETRANSMIT_MS : 0),
    connectable(a, b) {
      if (sideOf && sideOf(a) !== sideOf(b)) return false;
      const pair = (part(a, 16) + part(b, 16) + part(a, 20) * part(b, 20) + salt / 0xffff) % 1;
      return pair >= unconnectable;
    },
    split(side) {
      sideOf = side;
    },
  };
}

function delay(from: NodeId, to: NodeId): number {
  const x = part(from, 8) - part(to, 8);
  const y = part(from, 12) - part(to, 12);
  return Math.round(NEAR_MS + ACROSS_MS * Math.hypot(x, y));
}

/** Some bits of an id as a number in [0, 1); ids are random, so these are as well. */
function part(node: NodeId, at: number): number {
  return Number.parseInt(node.slice(at, at + 4), 16) / 0x1_0000;
}
