import { swarmMessage, type SwarmMessage } from '@tabswarm/protocol/swarm';
import { createManualClock } from '@tabswarm/testkit';
import type { NodeId } from '@tabswarm/protocol/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitsOfRanges, hasBit } from '../src/bitfield.ts';
import { SKIPPED, WANTED, type Holding } from '../src/library.ts';
import type { Port } from '../src/port.ts';
import type { Window } from '../src/urges.ts';
import { createWants } from '../src/wants.ts';
import { createFakeLibrary, ROOT } from './fake-library.ts';

const BLOCKS = 600;

/** What is said to one that has all of the share and has shown nothing of it, as it arrives there. */
function said(urgentBlocks: number, priorities: Uint8Array | undefined, windows: readonly Window[]) {
  const { library, holding } = createFakeLibrary({ blocks: BLOCKS, blockBytes: 1 }, createManualClock(), {
    has: [],
  });
  const cut: Holding = {
    ...holding,
    layout: () => ({ blockLengths: new Uint32Array(BLOCKS).fill(1), urgentBlocks, missingHashes: [] }),
    priorities: () => priorities,
  };
  const messages: Extract<SwarmMessage, { type: 'want' }>[] = [];
  const port = {
    holdings: new Map([[ROOT, { have: new Uint8Array(), informed: true, whole: true }]]),
    tell(message: SwarmMessage) {
      const heard = swarmMessage.decode(swarmMessage.encode(message));
      if (heard.type === 'want') messages.push(heard);
    },
  } as unknown as Port;
  const ports = new Map([['a' as NodeId, port]]);
  createWants({ library: { ...library, get: () => cut }, windows: () => windows, ports }).onJoined(
    port,
    ROOT,
  );
  return messages;
}

const anyWindow: fc.Arbitrary<Window> = fc
  .tuple(fc.nat(BLOCKS - 1), fc.integer({ min: 1, max: 50 }), fc.boolean())
  .map(([first, length, waiting]) => {
    const end = Math.min(BLOCKS, first + length);
    return { first, end, until: end, waiting };
  });

describe('who reads or chooses', () => {
  it('[UP12] says so in ranges that every peer takes, wherever its readers are', () => {
    fc.assert(
      fc.property(fc.array(anyWindow, { minLength: 1, maxLength: 64 }), (windows) => {
        const [want] = said(0, undefined, windows);
        const bits = bitsOfRanges(want?.ranges ?? [], BLOCKS);
        for (let index = 0; index < BLOCKS; index += 1) {
          const isRead = windows.some(({ first, end }) => index >= first && index < end);
          expect(hasBit(bits, index)).toBe(isRead);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('[UP12] leaves out no block that is chosen, however scattered', () => {
    const anyChoice = fc.uint8Array({ minLength: BLOCKS, maxLength: BLOCKS, max: 1 });
    fc.assert(
      fc.property(fc.nat(3), anyChoice, (urgentBlocks, choice) => {
        const [want] = said(urgentBlocks, choice, []);
        const bits = bitsOfRanges(want?.ranges ?? [], BLOCKS);
        for (let index = 0; index < BLOCKS; index += 1)
          if (choice[index] === WANTED || index < urgentBlocks) expect(hasBit(bits, index)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('[UP12] does not say that it wants all where it wants nothing', () => {
    expect(said(0, new Uint8Array(BLOCKS).fill(SKIPPED), [])).toMatchObject([{ ranges: [0, 1], now: false }]);
    expect(said(0, undefined, [])).toEqual([]);
  });
});
