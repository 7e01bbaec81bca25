import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createDealings } from '../../src/upload/dealings.ts';

const BLOCK = 256 * 1024;
const PEER = 'peer' as NodeId;
const ROOT = 'root' as Root;

function setUp({ isFetching = true } = {}) {
  const clock = createManualClock();
  const dealings = createDealings(clock, () => isFetching);
  const over = new AbortController();
  dealings.start({ signal: over.signal });
  const have = new Uint8Array(1);
  const taker = { remote: PEER, holdings: new Map([[ROOT, { have }]]) };
  const give = (blocks: number, { isTold = true } = {}): void => {
    have[0] = isTold ? 0x80 : 0;
    for (let block = 0; block < blocks; block += 1) {
      dealings.onTaken(PEER, BLOCK, BLOCK);
      dealings.onBlockTaken(taker, ROOT, 0);
    }
  };
  return { clock, dealings, give };
}

describe('a peer that takes', () => {
  it('[UP5] owes nothing where it has nothing that it could be asked for', async () => {
    const { clock, dealings, give } = setUp();
    give(100);
    await clock.advance(60_000);
    expect(dealings.isRider(PEER)).toBe(false);
  });

  it('[UP5] is a free rider when it was asked, was given time, and gave nothing, until it gives', async () => {
    const { clock, dealings, give } = setUp();
    dealings.onAsked(PEER);
    give(3);
    await clock.advance(4_000);
    expect(dealings.isRider(PEER)).toBe(false);
    await clock.advance(2_000);
    expect(dealings.isRider(PEER)).toBe(true);
    // It does not become another one by taking less, or by waiting.
    await clock.advance(120_000);
    expect(dealings.isRider(PEER)).toBe(true);
    dealings.onGiven(PEER, 64 * 1024);
    expect(dealings.isRider(PEER)).toBe(false);
  });

  it('[UP5] owes nothing more when it has given what it was asked for, or is not wanted to give it any more', async () => {
    const { clock, dealings, give } = setUp();
    dealings.onAsked(PEER);
    dealings.onGiven(PEER, BLOCK);
    give(100);
    await clock.advance(60_000);
    expect(dealings.isRider(PEER)).toBe(false);
    dealings.onAsked(PEER);
    dealings.onWithdrawn(PEER);
    give(100);
    await clock.advance(60_000);
    expect(dealings.isRider(PEER)).toBe(false);
    dealings.onAsked(PEER);
    give(2);
    await clock.advance(6_000);
    dealings.onWithdrawn(PEER);
    expect(dealings.isRider(PEER)).toBe(true);
  });

  it('[UP5] is no free rider where it gives little because its line is slow', async () => {
    const { clock, dealings, give } = setUp();
    dealings.onAsked(PEER);
    for (let second = 0; second < 100; second += 1) {
      give(2);
      dealings.onGiven(PEER, BLOCK / 10);
      await clock.advance(1_000);
      expect(dealings.isRider(PEER)).toBe(false);
    }
  });

  it('[UP5] is one where it never tells of what it was sent, but not to those who lack nothing', async () => {
    const { clock, dealings, give } = setUp();
    give(3, { isTold: false });
    await clock.advance(4_000);
    expect(dealings.isRider(PEER)).toBe(false);
    await clock.advance(2_000);
    expect(dealings.isRider(PEER)).toBe(true);
    give(1);
    await clock.advance(6_000);
    expect(dealings.isRider(PEER)).toBe(false);

    const seeder = setUp({ isFetching: false });
    seeder.give(3, { isTold: false });
    await seeder.clock.advance(6_000);
    expect(seeder.dealings.isRider(PEER)).toBe(false);
  });
});
