import type { PeerView } from '@tabswarm/node';

/** How long a link takes to answer: told by the pattern of its line. */
export type Patience = 'unknown' | 'quick' | 'fair' | 'slow';
/** How much travels over a link: told by the width of its line. */
export type Flow = 'quiet' | 'some' | 'busy';

/** Within it an answer seems to be there at once. */
const QUICK_MS = 60;
/** Beyond it one notices the waiting. */
const FAIR_MS = 250;
/** The overlay's own messages stay below: only files flow faster. */
const SOME_BYTES_PER_SECOND = 10_000;
const BUSY_BYTES_PER_SECOND = 1_000_000;

export function patience(rttMs: number | undefined): Patience {
  if (rttMs === undefined) return 'unknown';
  if (rttMs < QUICK_MS) return 'quick';
  return rttMs < FAIR_MS ? 'fair' : 'slow';
}

export function flow({ downRate, upRate }: Pick<PeerView, 'downRate' | 'upRate'>): Flow {
  const rate = downRate + upRate;
  if (rate < SOME_BYTES_PER_SECOND) return 'quiet';
  return rate < BUSY_BYTES_PER_SECOND ? 'some' : 'busy';
}

export const LINE_MEANINGS: readonly { readonly patience: Patience; readonly text: string }[] = [
  { patience: 'quick', text: `answers within ${QUICK_MS} ms` },
  { patience: 'fair', text: `within ${FAIR_MS} ms` },
  { patience: 'slow', text: 'slower' },
];
