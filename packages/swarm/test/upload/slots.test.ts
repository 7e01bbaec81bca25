import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createSlots } from '../../src/upload/slots.ts';

interface Asker {
  readonly name: string;
  merit: number;
  /** It is in the middle of being sent a block. */
  busy: boolean;
  granted: number;
  lost: number;
}

function askers(names: string): Asker[] {
  return names.split('').map((name) => ({ name, merit: 0, busy: false, granted: 0, lost: 0 }));
}

function setUp(count: number) {
  const clock = createManualClock();
  const over = new AbortController();
  let slotCount = count;
  const slots = createSlots<Asker>({
    isWithheld: () => false,
    clock,
    count: () => slotCount,
    merit: ({ merit }) => merit,
    onGranted: (asker) => (asker.granted += 1),
    onLost(asker) {
      asker.lost += 1;
      return asker.busy;
    },
  });
  slots.start({ signal: over.signal });
  /** All ask on and on; those are named that were let in. */
  const admitted = (all: readonly Asker[]): string =>
    all
      .filter((asker) => slots.admit(asker))
      .map(({ name }) => name)
      .join('');
  const keepAsking = async (all: readonly Asker[], ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await clock.advance(1_000);
      admitted(all);
    }
  };
  return { clock, slots, admitted, keepAsking, setCount: (next: number) => (slotCount = next) };
}

describe('upload slots', () => {
  it('[UP1] are had at once while there are free ones, and are waited for after that', () => {
    const { admitted } = setUp(3);
    const all = askers('abcd');
    expect(admitted(all)).toBe('abc');
    expect(admitted(all)).toBe('abc');
    expect(all.map(({ granted }) => granted)).toEqual([0, 0, 0, 0]);
  });

  it('[UP2] pass on at once when a peer leaves, and when it asks nothing for a while', async () => {
    const { clock, slots, admitted } = setUp(2);
    const [a, b, c, d] = askers('abcd') as [Asker, Asker, Asker, Asker];
    expect(admitted([a, b, c, d])).toBe('ab');
    slots.leave(a);
    expect(c.granted + d.granted).toBe(1);
    const [next, last] = c.granted ? [c, d] : [d, c];
    expect(admitted([next])).toBe(next.name);
    slots.rest(b);
    await clock.advance(4_000);
    expect(last.granted).toBe(0);
    await clock.advance(2_000);
    expect(last.granted).toBe(1);
  });

  it('[UP2] go in turns where nobody gives anything, so that each of many soon has one', async () => {
    const { keepAsking } = setUp(3);
    const all = askers('abcdefghi');
    await keepAsking(all, 41_000);
    expect(all.slice(3).every(({ granted }) => granted >= 1)).toBe(true);
    expect(all.slice(0, 3).every(({ lost }) => lost >= 1)).toBe(true);
  });

  it('[UP2] go to those who give the most, but for one that is tried out for half a minute', async () => {
    const { admitted, keepAsking } = setUp(3);
    const all = askers('abcdef');
    for (const [at, merit] of [0, 0, 0, 5, 9, -1].entries()) (all[at] as Asker).merit = merit;
    await keepAsking(all, 11_000);
    const first = admitted(all);
    expect(first).toContain('de');
    expect(first).toHaveLength(3);
    const tried = new Set<string>();
    for (let round = 0; round < 8; round += 1) {
      tried.add(admitted(all).replace('de', ''));
      await keepAsking(all, 30_000);
    }
    // In turns, those included that only take: somebody new may have nothing to give yet.
    expect([...tried].toSorted()).toEqual(['a', 'b', 'c', 'f']);
  });

  it('[UP3] are lost when the block that is being sent is through, and no more are given away before', async () => {
    const { clock, slots, admitted } = setUp(1);
    const [a, b] = askers('ab') as [Asker, Asker];
    a.busy = true;
    expect(admitted([a, b])).toBe('a');
    b.merit = 1;
    await clock.advance(10_000);
    expect([a.lost, b.granted]).toEqual([1, 0]);
    expect(admitted([a, b])).toBe('');
    slots.finished(a);
    expect(b.granted).toBe(1);
    expect(admitted([a, b])).toBe('b');
  });

  it('[UP8] become fewer within a second', async () => {
    const { clock, admitted, setCount } = setUp(4);
    const all = askers('abcd');
    admitted(all);
    setCount(2);
    await clock.advance(1_000);
    expect(all.filter(({ lost }) => lost === 1)).toHaveLength(2);
    expect(admitted(all)).toHaveLength(2);
  });
});
