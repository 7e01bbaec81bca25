import { randomInt, shuffled } from '@tabswarm/base';
import { createSeededRandom } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createSparseOverlay, type SparseNode } from './sparse-overlay.ts';

const SIZE = 240;

/** Ten a second, pairs of nodes that are not linked: how many of them get through, and at what cost. */
async function introducePairs(
  count: number,
  { seed, droppers }: { seed: number; droppers: number },
): Promise<{ introduced: number; messagesEach: number; mostLinks: number }> {
  const random = createSeededRandom(seed);
  const dropping = new Set(
    shuffled(
      random,
      Array.from({ length: SIZE }, (_, i) => i),
    ).slice(0, droppers),
  );
  const drops = (node: number): boolean => dropping.has(node);
  const { clock, nodes, carried } = await createSparseOverlay({ size: SIZE, random, drops });
  const mostLinks = Math.max(...nodes.map(({ transport }) => transport.links().length));
  const willing = nodes.filter((_, node) => !drops(node));
  const pick = (): SparseNode => willing[randomInt(random, willing.length)] as SparseNode;
  const outcomes: Promise<boolean>[] = [];
  while (outcomes.length < count) {
    const [a, b] = [pick(), pick()];
    if (a === b || a.transport.link(b.transport.self)) continue;
    outcomes.push(a.introduce(b.transport.self));
    await clock.advance(100);
  }
  await clock.advance(6_000);
  const introduced = (await Promise.all(outcomes)).filter(Boolean).length;
  return { introduced, messagesEach: carried() / count, mostLinks };
}

describe('introductions at any distance, in an overlay of 240 tabs with 10 links at most', () => {
  it('[WR4] all get through where everybody carries', async () => {
    const { introduced, messagesEach, mostLinks } = await introducePairs(60, { seed: 1, droppers: 0 });
    expect(mostLinks).toBeLessThanOrEqual(10);
    expect(introduced).toBe(60);
    expect(messagesEach).toBeLessThan(80);
  });

  it('[WR4] 98 of 100 get through where a fifth drop what they should carry', async () => {
    const { introduced, messagesEach } = await introducePairs(300, { seed: 12, droppers: SIZE / 5 });
    expect(introduced / 300).toBeGreaterThanOrEqual(0.98);
    expect(messagesEach).toBeLessThan(80);
  });
});
