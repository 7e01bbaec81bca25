import { silentLog } from '@tabswarm/base';
import type { Dht } from '@tabswarm/dht';
import type { Link } from '@tabswarm/net';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createHolders } from '../src/holders.ts';

const ROOT = 'ab'.repeat(32) as Root;
const SELF = '00'.repeat(32) as NodeId;
const NODES = Array.from({ length: 6 }, (_, i) => String(i + 1).repeat(64) as NodeId);

/** An overlay that finds one holder a second, this node among them; `fails` at the end. */
function createOverlay({ fails = false } = {}) {
  const clock = createManualClock();
  const dialed: NodeId[] = [];
  const aborted: boolean[] = [];
  let lookups = 0;
  const dht: Pick<Dht, 'self' | 'findProviders'> = {
    self: SELF,
    async *findProviders(_root, { signal } = {}) {
      lookups += 1;
      const at = aborted.push(false) - 1;
      signal?.addEventListener('abort', () => (aborted[at] = true));
      for (const node of [SELF, ...NODES]) {
        await new Promise<void>((resolve) => clock.after(1_000, resolve));
        yield node;
      }
      if (fails) throw new Error('lost');
    },
  };
  const dial = (node: NodeId): Promise<Link> => {
    dialed.push(node);
    return Promise.reject(new Error('not there'));
  };
  const holders = createHolders({ dht, transport: { dial }, clock, log: silentLog });
  return { clock, holders, dialed, aborted, lookups: () => lookups };
}

async function take(holders: AsyncIterable<NodeId>, into: NodeId[]): Promise<void> {
  for await (const node of holders) into.push(node);
}

describe('holders of a share that was just pasted', () => {
  it('[EX24] are looked for and linked to before it is listed, and found again by the fetch', async () => {
    const { clock, holders, dialed, lookups } = createOverlay();
    holders.lookAhead(ROOT);
    holders.lookAhead(ROOT);
    await clock.advance(3_500);
    expect(dialed).toEqual(NODES.slice(0, 2));
    const found: NodeId[] = [];
    const fetching = take(holders.find(ROOT, new AbortController().signal), found);
    await clock.advance(0);
    expect(found).toEqual(NODES.slice(0, 2));
    await clock.advance(10_000);
    await fetching;
    expect(found).toEqual(NODES);
    expect(dialed).toEqual(NODES.slice(0, 4));
    expect(lookups()).toBe(1);
    // The next time it is looked for anew.
    const again = take(holders.find(ROOT, new AbortController().signal), []);
    await clock.advance(10_000);
    await again;
    expect(lookups()).toBe(2);
    expect(dialed).toHaveLength(4);
  });

  it('[EX24] are looked for no longer where nobody fetches it, or no more', async () => {
    const { clock, holders, aborted } = createOverlay();
    holders.lookAhead(ROOT);
    await clock.advance(4_900);
    expect(aborted).toEqual([false]);
    await clock.advance(200);
    expect(aborted).toEqual([true]);
    const over = new AbortController();
    holders.lookAhead(ROOT);
    const fetching = take(holders.find(ROOT, over.signal), []);
    await clock.advance(1_500);
    over.abort();
    expect(aborted).toEqual([true, true]);
    await clock.advance(10_000);
    await fetching;
  });

  it('[EX24] tell the fetch what went wrong', async () => {
    const { clock, holders } = createOverlay({ fails: true });
    holders.lookAhead(ROOT);
    const found: NodeId[] = [];
    const fetching = take(holders.find(ROOT, new AbortController().signal), found).catch(
      (cause: unknown) => cause,
    );
    await clock.advance(10_000);
    expect(await fetching).toMatchObject({ message: 'lost' });
    expect(found).toEqual(NODES);
  });
});
