import { createDeferred } from '@tabswarm/base';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { createInspection } from '../src/inspection.ts';
import type { Verdict } from '../src/library.ts';

const GOOD = idFromBytes<NodeId>(new Uint8Array(32).fill(7));
const BAD = idFromBytes<NodeId>(new Uint8Array(32).fill(8));

/** What is learned of the senders while a good and a bad copy of one block are looked at side by side. */
function createDesk() {
  const credited: NodeId[] = [];
  const blamed: NodeId[] = [];
  const { look } = createInspection((node) => blamed.includes(node));
  const bring = (sender: NodeId) => {
    const judged = createDeferred<void>();
    const stored = createDeferred<void>();
    const verdict: Promise<Verdict | 'banned'> = look(sender, {
      async put(onVerified) {
        await judged.promise;
        if (sender === BAD) return 'corrupt';
        onVerified();
        await stored.promise;
        return 'kept';
      },
      onVerified: () => credited.push(sender),
      onCorrupt: () => blamed.push(sender),
    });
    return { verdict, judge: () => judged.resolve(), store: () => stored.resolve() };
  };
  return { credited, blamed, bring };
}

describe('a good and a bad copy of a block at once', () => {
  it.each([
    ['the good one first', [GOOD, BAD]],
    ['the bad one first', [BAD, GOOD]],
  ] as const)('[EX5] are judged each by itself, %s', async (_, order) => {
    for (const judgedFirst of order) {
      const { credited, blamed, bring } = createDesk();
      const copies = order.map((sender) => ({ sender, ...bring(sender) }));
      for (const copy of copies) if (copy.sender === judgedFirst) copy.judge();
      await Promise.resolve();
      for (const copy of copies) copy.judge();
      await expect.poll(() => [credited, blamed]).toEqual([[GOOD], [BAD]]);
      for (const copy of copies) copy.store();
      for (const { sender, verdict } of copies)
        expect(await verdict).toBe(sender === GOOD ? 'kept' : 'corrupt');
      expect([credited, blamed]).toEqual([[GOOD], [BAD]]);
    }
  });

  it('[EX17] of one sender have it credited for the one and blamed for the other, and no third is looked at', async () => {
    const { look } = createInspection(() => seen.includes('corrupt'));
    const seen: string[] = [];
    const judged = createDeferred<void>();
    const bring = (verdict: Verdict) =>
      look(GOOD, {
        async put(onVerified) {
          await judged.promise;
          if (verdict === 'kept') onVerified();
          return verdict;
        },
        onVerified: () => seen.push('verified'),
        onCorrupt: () => seen.push('corrupt'),
      });
    const verdicts = Promise.all([bring('corrupt'), bring('kept'), bring('kept')]);
    judged.resolve();
    expect(await verdicts).toEqual(['corrupt', 'kept', 'banned']);
    expect(seen.toSorted()).toEqual(['corrupt', 'verified']);
  });
});
