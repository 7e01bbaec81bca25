import { describe, expect, it } from 'vitest';
import { createClaimer, type Claim, type Claimer } from './claimers.ts';
import { createWorld, type Peer, type PeerOptions } from './world.ts';

const KIB = 1024;
const BLOCKS = 40;
/** As many sources as are linked to without waiting; what it takes to be done with them; and then one every 5 s. */
const SOURCES = 16;
const FIRST_S = 40;
const EACH_S = 5;

/** Some who claim, and one that holds, which is announced after them. */
async function setUp(
  claims: number,
  claim: Claim | ((made: number) => Claim),
  { seed = claims, ...options }: PeerOptions & { readonly seed?: number } = {},
) {
  const claimOf = typeof claim === 'function' ? claim : () => claim;
  const world = createWorld(BLOCKS, { seed, latencyMs: () => 20 });
  const claimers: Claimer[] = [];
  for (let made = 0; made < claims; made += 1) claimers.push(await createClaimer(world, claimOf(made)));
  const [holder, leecher] = [await world.peer({ has: true }), await world.peer(options)];
  return { world, claimers, holder, leecher, run: run(claimers, holder, leecher) };

  function run(before: readonly Claimer[], last: Peer, by: Peer) {
    return async (limitSeconds: number, onSecond: (second: number) => void = () => undefined) => {
      const fetch = world.begin(by, [...before, last]);
      for (let second = 0; !fetch.isOver(); second += 1) {
        if (second >= limitSeconds) throw new Error(`not done after ${limitSeconds} s`);
        onSecond(second);
        await world.clock.advance(1_000);
      }
    };
  }
}

const dialsOf = (claimers: readonly Claimer[]): number =>
  claimers.reduce((sum, { links }) => sum + links(), 0);

describe('nodes that only say that they hold a share', () => {
  it('[EX25] do not hold up a fetch by an info dictionary that never ends', async () => {
    const { claimers, run } = await setUp(3, 'dripping');
    await run(60);
    expect(claimers.some(({ asked }) => asked() > 0)).toBe(true);
  });

  const claims = (['silent', 'absent', 'choked'] as const).flatMap((claim) =>
    [16, 30, 70].map((count) => [count, claim] as const),
  );
  it.each(claims)('[EX25] do not keep a fetch from the one that does (%i, %s)', async (count, claim) => {
    const { claimers, leecher, run } = await setUp(count, claim);
    await run(FIRST_S + (count - SOURCES) * EACH_S, (second) => {
      expect(dialsOf(claimers)).toBeLessThanOrEqual(SOURCES + 1 + second / EACH_S);
      expect(leecher.transport.links().length).toBeLessThanOrEqual(56);
    });
    expect(leecher.holding.kept()).toBe(BLOCKS);
    for (const { links, asked } of claimers) {
      expect(links()).toBe(1);
      expect(asked()).toBeLessThan(200);
    }
  });

  it.each([1, 2, 3, 4, 5, 6])(
    '[EX25] do not hold on to the last blocks by having been asked for them (seed %i)',
    async (seed) => {
      const { leecher, run } = await setUp(SOURCES, 'silent', { seed });
      await run(FIRST_S);
      expect(leecher.holding.kept()).toBe(BLOCKS);
    },
  );

  it.each(['silent', 'absent', 'choked'] as const)(
    '[EX25] are found out by what they are asked for of blocks alone (%s)',
    async (claim) => {
      const { leecher, run } = await setUp(20, claim, { has: [] });
      await run(FIRST_S + 4 * EACH_S);
      expect(leecher.holding.kept()).toBe(BLOCKS);
    },
  );

  it('[EX25] are not judged anew for leaving and joining again and again', async () => {
    const { claimers, leecher, run } = await setUp(20, 'absent', { has: [] });
    await run(FIRST_S + 4 * EACH_S, () => {
      for (const { rejoin } of claimers) rejoin();
    });
    expect(leecher.holding.kept()).toBe(BLOCKS);
  });

  it('[EX25] are left for others only where there is no room, and not for having no time for us', async () => {
    const { claimers, leecher, run } = await setUp(40, 'choked');
    await run(FIRST_S + 24 * EACH_S);
    expect(leecher.transport.links()).toHaveLength(41);
    expect(claimers.every(({ links }) => links() === 1)).toBe(true);
  });
});

describe('sources that have no time for us', () => {
  it('[EX25] are the last to make room for others', async () => {
    const { claimers, leecher, run } = await setUp(70, (made) => (made < 8 ? 'choked' : 'silent'));
    await run(FIRST_S + 54 * EACH_S);
    const isLinked = ({ id }: Claimer): boolean => leecher.transport.link(id) !== undefined;
    expect(claimers.slice(0, 8).every((claimer) => isLinked(claimer))).toBe(true);
    expect(claimers.every((claimer) => isLinked(claimer))).toBe(false);
  });
});

describe('sources that give what they say', () => {
  it('[EX25] count however slowly they may send, and no more are looked for', async () => {
    const world = createWorld(200, { latencyMs: () => 20, blockBytes: 256 * KIB });
    const holders: Peer[] = [];
    for (let made = 0; made < 24; made += 1) holders.push(await world.peer({ has: true }));
    const leecher = await world.peer();
    leecher.swarm.setLimits({ down: 8 * KIB });
    const fetch = world.begin(leecher, holders);
    await world.clock.advance(180_000);
    expect(leecher.transport.links()).toHaveLength(SOURCES);
    await fetch.stop();
  });

  it('[EX25] are not those whose blocks wait for us to verify and to store them', async () => {
    const world = createWorld(64, { latencyMs: () => 20 });
    const holders: Peer[] = [];
    for (let made = 0; made < SOURCES + 8; made += 1) holders.push(await world.peer({ has: true }));
    const leecher = await world.peer({ verifyMs: 12_000 });
    const fetch = world.begin(leecher, holders);
    let most = 0;
    for (let second = 0; !fetch.isOver() && second < 400; second += 1) {
      await world.clock.advance(1_000);
      most = Math.max(most, leecher.transport.links().length);
    }
    expect(fetch.isOver()).toBe(true);
    expect(most).toBe(SOURCES);
  });
});
