import { createDeferred } from '@tabswarm/base';
import type { Root } from '@tabswarm/protocol/ids';
import { beforeEach, describe, expect, it } from 'vitest';
import { createShares } from '../src/shares.ts';
import type { Vault } from '../src/vault.ts';
import { addTo, carryMetainfo, createTestBrowser, patternOf, type TestTab } from './vault-support.ts';

const BLOCK = 256 * 1024;

/** The vault, whose verdicts arrive when `count` puts have one: as if all of them were on their way from the worker. */
function answeringTogether(vault: Vault, count: number): Vault {
  const all = createDeferred<void>();
  let judged = 0;
  return {
    ...vault,
    async put(...args) {
      try {
        return await vault.put(...args);
      } finally {
        judged += 1;
        if (judged === count) all.resolve();
        await all.promise;
      }
    },
  };
}

describe('copies of one block that are put at once', () => {
  let vault: TestTab;
  let root: Root;
  let good: ArrayBuffer;
  let bad: ArrayBuffer;
  beforeEach(async () => {
    const source = createTestBrowser().openTab();
    ({ root } = await addTo(source, { x: patternOf(2 * BLOCK, 1) }));
    vault = createTestBrowser().openTab();
    await vault.want({ root, signaling: [] });
    await carryMetainfo(source, vault, root);
    good = (await source.block(root, 1)) ?? new ArrayBuffer(0);
    bad = good.slice();
    new Uint8Array(bad)[5] = 1 ^ (new Uint8Array(bad)[5] ?? 0);
  });

  /** Puts the copies side by side; answers the verdicts, and the numbers of those that were found right. */
  const putAll = async (copies: readonly ArrayBuffer[]) => {
    const shares = createShares(answeringTogether(vault, copies.length));
    await shares.load();
    const holding = shares.library.get(root);
    if (!holding) throw new Error('the share is not listed');
    const verified: number[] = [];
    const verdicts = await Promise.all(
      copies.map((bytes, copy) => holding.putBlock(1, bytes, () => verified.push(copy))),
    );
    shares.stop();
    return { verdicts, verified: verified.toSorted((a, b) => a - b) };
  };

  it('[RC2] count for who sent the right one, whichever came first', async () => {
    expect(await putAll([bad, good])).toEqual({ verdicts: ['corrupt', 'kept'], verified: [1] });
  });

  it('[RC2] count for nobody who sent a bad one after it', async () => {
    expect(await putAll([good, bad])).toEqual({ verdicts: ['kept', 'corrupt'], verified: [0] });
  });

  it('[RC2] count for all who sent a right one', async () => {
    expect(await putAll([good, bad, good.slice()])).toEqual({
      verdicts: ['kept', 'corrupt', 'kept'],
      verified: [0, 2],
    });
  });

  it('[RC2] count for nobody where the block was here already, and blame nobody', async () => {
    await putAll([good.slice()]);
    expect(await putAll([bad, good])).toEqual({ verdicts: ['kept', 'kept'], verified: [] });
  });
});
