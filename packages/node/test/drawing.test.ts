import { createState } from '@tabswarm/base';
import type { Root } from '@tabswarm/protocol/ids';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createDrawing, type DrawingParts } from '../src/drawing.ts';

const ROOT = 'ab'.repeat(32) as Root;
const SOON_MS = 200;
/** Redrawn as rates and times change, whatever happens. */
const TICK_MS = 500;

/** A node without shares, which is only drawn; and how often that was. */
async function setUp() {
  const clock = createManualClock();
  let drawn = 0;
  const parts = {
    transport: { self: ROOT, links: () => [] },
    limiting: { current: () => ({}) },
    housekeeping: {},
    noPath: () => false,
    dht: { state: createState({ records: 0 }) },
    shares: { all: () => ((drawn += 1), []), get: () => undefined },
    jobs: { views: () => [] },
    network: { peers: () => [], view: () => ({}) },
    clock,
  } as unknown as DrawingParts;
  const drawing = createDrawing(parts);
  const over = new AbortController();
  drawing.start({ signal: over.signal });
  // Past the redraw that follows the first tick: none is due before the next.
  await clock.advance(TICK_MS + SOON_MS);
  const before = drawn;
  return { clock, drawing, drawn: () => drawn - before };
}

describe('what is drawn', () => {
  it('follows soon where the user or a peer has done something', async () => {
    const { clock, drawing, drawn } = await setUp();
    drawing.onShare({ root: ROOT, isProgress: false });
    await clock.advance(SOON_MS - 1);
    expect(drawn()).toBe(0);
    await clock.advance(1);
    expect(drawn()).toBe(1);
  });

  it('is two pictures a second while blocks come, and no more', async () => {
    const { clock, drawing, drawn } = await setUp();
    for (let passed = 0; passed < 10_000; passed += 10) {
      drawing.onShare({ root: ROOT, isProgress: true });
      await clock.advance(10);
    }
    expect(drawn()).toBe(20);
  });
});
