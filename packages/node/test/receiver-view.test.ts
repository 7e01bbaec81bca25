import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { Receiver } from '@tabswarm/swarm';
import { describe, expect, it } from 'vitest';
import { needFor, viewReceivers } from '../src/receiver-view.ts';

const SIGNED = { root: 'ab'.repeat(32) as Root, bytes: 250, whole: true, time: 1 };
const SIGNED_PART = { ...SIGNED, whole: false };

const receiver = (about: Partial<Receiver>): Receiver => ({
  peer: 'cd'.repeat(32) as NodeId,
  bytes: 100,
  rate: 0,
  progress: 0.4,
  linked: true,
  receipt: undefined,
  ...about,
});
const activity = (...receivers: Receiver[]) => ({ sources: [], uploads: [], receivers });

const fresh = (...receivers: Receiver[]) => needFor(activity(...receivers), { fresh: true });
const old = (...receivers: Receiver[]) => needFor(activity(...receivers), { fresh: false });

describe('the receivers of a share', () => {
  it('are told with how far each is, and whether it has said that all has arrived', () => {
    const all = activity(
      receiver({ linked: false }),
      receiver({ progress: 1, receipt: SIGNED }),
      receiver({ receipt: SIGNED_PART }),
      receiver({ progress: 1 }),
      receiver({}),
      receiver({ rate: 9 }),
      receiver({ bytes: 0 }),
    );
    const views = viewReceivers(all, () => 'direct');
    expect(views.map(({ state, verified, whole, route }) => [state, verified, whole, route])).toEqual([
      ['receiving', false, false, 'direct'],
      ['waiting', false, false, 'direct'],
      ['done', true, true, 'direct'],
      ['done', true, false, 'direct'],
      ['done', false, true, 'direct'],
      ['left', false, false, undefined],
    ]);
  });

  it('have all of it where they have signed so, whatever was last heard of their blocks', () => {
    const [view] = viewReceivers(activity(receiver({ linked: false, receipt: SIGNED })), () => undefined);
    expect(view).toMatchObject({ state: 'done', progress: 1, whole: true });
  });
});

describe('a tab is needed', () => {
  it('while somebody is receiving from it who could not go on elsewhere', () => {
    for (const need of [fresh, old]) {
      expect(need(receiver({ rate: 9 }))).toBe('receiving');
      expect(need(receiver({}))).toBe('receiving');
      expect(need(receiver({ rate: 9 }), receiver({ progress: 1, bytes: 0 }))).toBeUndefined();
      expect(need(receiver({ progress: 1 }))).toBeUndefined();
    }
  });

  it('as long as nobody else has ever had all of what was shared a moment ago', () => {
    expect(fresh()).toBe('only-copy');
    expect(fresh(receiver({ linked: false }))).toBe('only-copy');
    expect(fresh(receiver({ linked: false, receipt: SIGNED_PART }))).toBe('only-copy');
    expect(fresh(receiver({ linked: false, receipt: SIGNED }))).toBeUndefined();
    expect(old()).toBeUndefined();
    expect(old(receiver({ linked: false }))).toBeUndefined();
  });
});
