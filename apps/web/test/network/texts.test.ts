import type { LookupTrace } from '@tabswarm/node';
import { describe, expect, it } from 'vitest';
import { flow, patience } from '../../src/network/link-looks.ts';
import {
  formatMilliseconds,
  longestWay,
  lookupToShow,
  outcomeText,
  purposeText,
  wayOf,
} from '../../src/network/lookup-text.ts';
import { nearness, sharedBitsText } from '../../src/network/nearness.ts';

type Path = LookupTrace['paths'][number];

const NODES = ['11', '22', '33'].map((digits) => digits.repeat(32)) as LookupTrace['nearest'] &
  [Path['asked'], Path['asked'], Path['asked']];
const [first, second, third] = NODES;
const direct: Path = { asked: first, named: false, outcome: 'answered', nodes: [first], hops: 1 };
const far: Path = { asked: second, named: true, outcome: 'answered', nodes: [second, third], hops: 4 };
const silent: Path = { asked: third, named: true, outcome: 'failed', nodes: [], hops: 0 };

function lookup(change: Partial<LookupTrace> = {}): LookupTrace {
  const counts = { records: 0, keepers: 0, nearest: [], paths: [direct] };
  return { id: 1, purpose: 'find-nodes', key: first, startedAt: 1_000, endedAt: 1_024, ...counts, ...change };
}

describe('a lookup in words', () => {
  it('says what it is for, while it runs and afterwards', () => {
    expect(purposeText(lookup({ endedAt: undefined }))).toContain('is looking');
    expect(purposeText(lookup())).toContain('looked');
    expect(purposeText(lookup({ purpose: 'store' }))).toContain('note');
    expect(purposeText(lookup({ purpose: 'maintain' }))).toContain('Routine');
  });

  it('counts questions, time and hops', () => {
    expect(
      outcomeText(lookup({ endedAt: undefined, paths: [direct, { ...silent, outcome: 'asked' }] })),
    ).toBe('1 of 2 questions answered so far.');
    expect(outcomeText(lookup())).toBe('1 question in 24 ms, all answered, one hop each.');
    expect(outcomeText(lookup({ paths: [direct, far, silent] }))).toBe(
      '3 questions in 24 ms, 1 unanswered, up to 4 hops.',
    );
    expect(outcomeText(lookup({ paths: [silent] }))).toBe('1 question in 24 ms, 1 unanswered.');
    expect(outcomeText(lookup({ paths: [] }))).toBe('No question was needed.');
  });

  it('says what was found or left', () => {
    expect(outcomeText(lookup({ purpose: 'find-holders', records: 2 }))).toMatch(/Found 2 notes of it\.$/);
    expect(outcomeText(lookup({ purpose: 'find-holders' }))).toMatch(/Found no note of it\.$/);
    expect(outcomeText(lookup({ purpose: 'find-records', records: 1 }))).toMatch(/Found 1 note\.$/);
    expect(outcomeText(lookup({ purpose: 'store', keepers: 1 }))).toMatch(/Kept by 1 tab\.$/);
    expect(outcomeText(lookup({ purpose: 'store', keepers: 3 }))).toMatch(/Kept by 3 tabs\.$/);
    expect(outcomeText(lookup({ purpose: 'store' }))).toMatch(/one hop each\.$/);
  });

  it('shows its ways as far as they are known', () => {
    expect(wayOf(far)).toEqual([second, third]);
    expect(wayOf(silent)).toEqual([third]);
    expect(longestWay(lookup({ paths: [direct, far] }))).toBe(4);
    expect(longestWay(lookup({ paths: [] }))).toBe(0);
  });

  it('is the latest that somebody wanted, and routine only where there is no other', () => {
    const routine = lookup({ id: 3, purpose: 'maintain' });
    expect(lookupToShow([lookup({ id: 1 }), lookup({ id: 2 }), routine])?.id).toBe(2);
    expect(lookupToShow([routine])?.id).toBe(3);
    expect(lookupToShow([])).toBeUndefined();
  });
});

describe('a link in words', () => {
  it('says how near a tab is by halves', () => {
    expect([0, 1, 2, 3, 4, 7, 8, 200].map((bits) => nearness(bits))).toEqual([
      'The other half',
      'Your half',
      'Your quarter',
      'Your eighth',
      'Your 16th',
      'Your 128th',
      'Next to you',
      'Next to you',
    ]);
    expect(sharedBitsText(0)).toContain('very first bit');
    expect(sharedBitsText(1)).toBe('Its id begins with the same bit as yours');
    expect(sharedBitsText(7)).toBe('Its id begins with the same 7 bits as yours');
  });

  it('tells a round trip by the pattern of its line and a rate by the width', () => {
    expect([undefined, 10, 100, 900].map((ms) => patience(ms))).toEqual(['unknown', 'quick', 'fair', 'slow']);
    const rates = [0, 50_000, 5_000_000].map((downRate) => flow({ downRate, upRate: 100 }));
    expect(rates).toEqual(['quiet', 'some', 'busy']);
  });

  it('rounds times to what one can see', () => {
    expect([0.2, 12.4, 999.4, 1_540, 60_000].map((ms) => formatMilliseconds(ms))).toEqual([
      'under 1 ms',
      '12 ms',
      '999 ms',
      '1.5 s',
      'over 10 s',
    ]);
  });
});
