import { createManualClock, createSeededRandom } from '@tabswarm/testkit';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { MAX_REMEMBERED, REMEMBERED_MS, REMEMBER_AFTER_MS } from '../../src/limits.ts';
import { createRemembered } from '../../src/routing-table/remembered.ts';
import { createWorld, type Tab } from '../support/world.ts';

const MINUTE = 60_000;

function bench() {
  const clock = createManualClock();
  const random = createSeededRandom(5);
  const node = (): NodeId => idFromBytes<NodeId>(random.bytes(32));
  return { clock, node, remembered: createRemembered({ clock, random }) };
}

describe('lost neighbours', () => {
  it('[DHT24] are remembered where they were there for a while, and for two hours', async () => {
    const { clock, node, remembered } = bench();
    const [old, young] = [node(), node()];
    const openedAt = clock.now();
    await clock.advance(REMEMBER_AFTER_MS);
    remembered.lost(young, openedAt + 1);
    expect(remembered.any()).toBeUndefined();
    remembered.lost(old, openedAt);
    expect(remembered.any()).toBe(old);
    await clock.advance(REMEMBERED_MS - 1);
    expect(remembered.has(old)).toBe(true);
    await clock.advance(1);
    expect(remembered.any()).toBeUndefined();
  });

  it('[DHT24] are at most sixteen, any of which makes room', async () => {
    const { clock, node, remembered } = bench();
    const openedAt = clock.now();
    await clock.advance(REMEMBER_AFTER_MS);
    const nodes = Array.from({ length: 100 }, node);
    for (const one of nodes) remembered.lost(one, openedAt);
    const kept = nodes.filter((one) => remembered.has(one));
    expect(kept).toHaveLength(MAX_REMEMBERED);
    // Not just the first or the last of them.
    expect(kept.some((one) => nodes.indexOf(one) < 90)).toBe(true);
    expect(kept.some((one) => nodes.indexOf(one) > 20)).toBe(true);
    remembered.forget(kept[0] as NodeId);
    expect(remembered.has(kept[0] as NodeId)).toBe(false);
  });

  it('[DHT24] make one network of two that were apart for half an hour, within two minutes', async () => {
    let split = false;
    const left = new Set<NodeId>();
    const world = await createWorld({ connectable: (a, b) => !split || left.has(a) === left.has(b) });
    await world.grow(14);
    await world.clock.advance(2 * MINUTE);
    for (const { id } of world.tabs.slice(0, 7)) left.add(id);
    split = true;
    for (const a of left) for (const { id } of world.tabs) if (!left.has(id)) world.network.sever(a, id);
    await world.clock.advance(30 * MINUTE);
    expect(world.tabs.map(linked)).toEqual(world.tabs.map(() => 6));
    split = false;
    await world.clock.advance(2 * MINUTE);
    expect(world.tabs.map(linked)).toEqual(world.tabs.map(() => 13));
  });
});

function linked({ transport }: Tab): number {
  return transport.links().length;
}
