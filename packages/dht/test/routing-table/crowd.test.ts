import { idFromBytes, type NodeId, type RecordKey } from '@tabswarm/protocol/ids';
import { createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { idAtDistance } from '../../sim/adversaries.ts';
import { closest } from '../../src/distance.ts';
import { crowdEdge } from '../../src/routing-table/table.ts';

const random = createSeededRandom(5);
const KEY = idFromBytes<RecordKey>(random.bytes(32));
/** Of a thousand nodes, eight are to be expected within it. */
const REACH = 8 / 1_000;

/** Ids at these shares of the reach, nearest first. */
function at(reach: number, ...shares: number[]): NodeId[] {
  return shares.map((share) => idAtDistance<NodeId>(KEY, share * reach, random));
}

describe('the nearest nodes of a key', () => {
  it('[DHT25] are a crowd where four are 12 times nearer than the eighth is to be expected', () => {
    const far = [0.5, 0.6, 0.8, 1];
    expect(crowdEdge(KEY, at(REACH, 0.01, 0.02, 0.05, 0.08, ...far), REACH)).toBeCloseTo(REACH / 12);
    expect(crowdEdge(KEY, at(REACH, 0.01, 0.02, 0.05, 0.09, ...far), REACH)).toBeUndefined();
    expect(crowdEdge(KEY, at(REACH, 0.01, 0.02, 0.05), REACH)).toBeUndefined();
  });

  it('[DHT25] are a crowd where eight are within 0.45 of where the eighth is to be expected', () => {
    const near = [0.13, 0.15, 0.17, 0.2, 0.2, 0.2, 0.2];
    expect(crowdEdge(KEY, at(REACH, ...near, 0.44), REACH)).toBeCloseTo(0.45 * REACH);
    expect(crowdEdge(KEY, at(REACH, ...near, 0.46), REACH)).toBeUndefined();
  });

  it('[DHT25] are none in a network below 64 nodes unless eight are 6 times nearer', () => {
    const reach = 8 / 50;
    expect(crowdEdge(KEY, at(reach, 0.01, 0.01, 0.01, 0.01, 0.1, 0.1, 0.2, 0.2), reach)).toBeUndefined();
    expect(crowdEdge(KEY, at(reach, 0.01, 0.01, 0.01, 0.01, 0.1, 0.1, 0.1, 0.16), reach)).toBeDefined();
  });

  it('[DHT25] are taken for a crowd by chance for few keys', () => {
    const nodes = Array.from({ length: 1_000 }, () => idFromBytes<NodeId>(random.bytes(32)));
    const keys = Array.from({ length: 2_000 }, () => idFromBytes<RecordKey>(random.bytes(32)));
    const crowded = keys.filter((key) => crowdEdge(key, closest(key, nodes, 8), REACH) !== undefined);
    expect(crowded.length / keys.length).toBeGreaterThan(0.005);
    expect(crowded.length / keys.length).toBeLessThan(0.05);
  });
});
