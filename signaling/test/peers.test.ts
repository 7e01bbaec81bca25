import { describe, expect, it } from 'vitest';
import { idFromText, type NodeId } from '@tabswarm/protocol/ids';
import { createPeers, type Peer } from '../src/peers.ts';

const idOf = (i: number): NodeId => idFromText(i.toString(16).padStart(64, '0'));

function peer(i: number, { live = true }: { live?: boolean } = {}): Peer {
  return { id: idOf(i), send: () => undefined, refuse: () => undefined, isLive: () => live };
}

describe('createPeers', () => {
  it('[SG5] introduces each peer as often as any other, whoever came and left before', () => {
    const peers = createPeers({ random: Math.random });
    const all = Array.from({ length: 40 }, (_, i) => peer(i));
    for (const one of all) peers.add(one);
    for (const one of all.slice(0, 20)) peers.remove(one);
    const times = new Map<NodeId, number>();
    const rounds = 4_000;
    for (let round = 0; round < rounds; round += 1) {
      for (const id of peers.sample(8, idOf(99))) times.set(id, (times.get(id) ?? 0) + 1);
    }
    // 8 of 20: expected 1,600 times each with a deviation of 31; six deviations leave no room for bad luck.
    expect(times.size).toBe(20);
    for (const count of times.values()) expect(Math.abs(count - 0.4 * rounds)).toBeLessThan(186);
  });

  it('[SG14] introduces nobody to those who may be gone', () => {
    const peers = createPeers({ random: Math.random });
    for (let i = 0; i < 30; i += 1) peers.add(peer(i, { live: i % 10 === 0 }));
    expect(peers.sample(8, idOf(99)).toSorted()).toEqual([idOf(0), idOf(10), idOf(20)].toSorted());
  });

  it('[SG8] a replaced peer that leaves does not take its successor along', () => {
    const peers = createPeers({ random: Math.random });
    const [older, newer] = [peer(1), peer(1)];
    expect(peers.add(older)).toBeUndefined();
    expect(peers.add(newer)).toBe(older);
    peers.remove(older);
    expect(peers.get(idOf(1))).toBe(newer);
    expect(peers.size).toBe(1);
    peers.remove(newer);
    peers.remove(newer);
    expect(peers.size).toBe(0);
    expect(peers.sample(8, idOf(2))).toEqual([]);
  });
});
