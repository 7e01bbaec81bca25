import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createRelayLimits } from '../src/relay-limits.ts';

const node = (number: number): NodeId =>
  idFromBytes<NodeId>(Uint8Array.from({ length: 32 }, (_, i) => (number >> (8 * (i % 4))) & 0xff));

describe('what is carried for others', () => {
  it('[IN9] one sender has so much carried, to however many', async () => {
    const clock = createManualClock();
    const limits = createRelayLimits(clock);
    const ask = (count: number, from: NodeId) =>
      Array.from({ length: count }, (_, i) => limits.refusal({ from, to: node(i), bytes: 300 }));
    expect(ask(330, node(7)).filter((refusal) => refusal === 'origin')).toHaveLength(10);
    expect(ask(1, node(8))).toEqual([undefined]);
    await clock.advance(10_000);
    expect(ask(40, node(7)).filter((refusal) => refusal === undefined)).toHaveLength(30);
  });

  it('[IN9] all of them together have so much carried', async () => {
    const clock = createManualClock();
    const limits = createRelayLimits(clock);
    const ask = (count: number) => Array.from({ length: count }, () => limits.forAnybody());
    expect(ask(610).filter((allowed) => !allowed)).toHaveLength(10);
    await clock.advance(1_000);
    expect(ask(110).filter((allowed) => !allowed)).toHaveLength(10);
  });

  it('[IN9] a link hands over so many envelopes, and so many bytes', async () => {
    const clock = createManualClock();
    const limits = createRelayLimits(clock);
    const small = limits.forLink();
    expect(Array.from({ length: 130 }, () => small(300)).filter(Boolean)).toHaveLength(120);
    await clock.advance(1_000);
    expect(Array.from({ length: 30 }, () => small(300)).filter(Boolean)).toHaveLength(20);
    const large = limits.forLink();
    expect(Array.from({ length: 40 }, () => large(8_192)).filter(Boolean)).toHaveLength(32);
  });
});
