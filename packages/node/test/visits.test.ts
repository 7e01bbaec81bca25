import type { Root } from '@tabswarm/protocol/ids';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import type { DownloadState } from '../src/downloads.ts';
import type { Share } from '../src/shares.ts';
import { createVisits } from '../src/visits.ts';

const ROOT = 'ab'.repeat(32) as Root;
const SERVER = 'wss://elsewhere.example/signal';

function setTable(signaling: readonly string[]) {
  const clock = createManualClock();
  const state = { held: true, sources: new Set(), problem: undefined } as unknown as DownloadState;
  let listed = [{ view: { root: ROOT, signaling } } as unknown as Share];
  const open = new Set<object>();
  const visits = createVisits({
    signaling: {
      visit(urls) {
        expect(urls).toEqual(signaling);
        const visit = {};
        open.add(visit);
        return () => void open.delete(visit);
      },
    },
    shares: { all: () => listed },
    stateOf: (root) => (root === ROOT ? state : undefined),
    clock,
  });
  const remove = (): void => {
    listed = [];
  };
  return { clock, state, visits, remove, open: () => open.size };
}

describe('the servers that a link names', () => {
  it('[SG20] are visited while nobody is found who holds the share', () => {
    const { state, visits, open } = setTable([SERVER]);
    visits.reconcile();
    visits.reconcile();
    expect(open()).toBe(1);
    state.sources.add('peer' as never);
    visits.reconcile();
    expect(open()).toBe(0);
    state.sources.clear();
    visits.reconcile();
    expect(open()).toBe(1);
  });

  it('[SG20] are left when the search takes too long, and when the share is removed', async () => {
    const { clock, visits, remove, open } = setTable([SERVER]);
    visits.reconcile();
    await clock.advance(300_001);
    expect(open()).toBe(0);
    visits.reconcile();
    expect(open()).toBe(0);
    remove();
    visits.reconcile();
    expect(open()).toBe(0);
    const other = setTable([SERVER]);
    other.visits.reconcile();
    other.visits.stop();
    expect(other.open()).toBe(0);
    expect(other.clock.pending()).toBe(0);
  });

  it('[SG20] are left alone by a tab that does not fetch it itself, and where the link names none', () => {
    const { state, visits, open } = setTable([SERVER]);
    state.held = false;
    visits.reconcile();
    expect(open()).toBe(0);
    const none = setTable([]);
    none.visits.reconcile();
    expect(none.open()).toBe(0);
  });
});
