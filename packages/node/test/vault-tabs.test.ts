import { blockHashes, encodeInfo, piecesRootOf, rootOf } from '@tabswarm/content';
import type { ShareView, VaultChange } from '@tabswarm/node/vault';
import { idFromBytes, type BlockId } from '@tabswarm/protocol/ids';
import { createSeededRandom } from '@tabswarm/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  addTo,
  blocksIn,
  hashOf,
  carryBlocks,
  carryMetainfo,
  createTestBrowser,
  filesFrom,
  patternOf,
  viewIn,
  type TestTab,
} from './vault-support.ts';

const BLOCK = 256 * 1024;
const CONTENTS = { a: patternOf(4 * BLOCK, 1) };

describe('two tabs of one browser', () => {
  let source: TestTab;
  let here: TestTab;
  let there: TestTab;
  beforeEach(async () => {
    source = createTestBrowser().openTab();
    const browser = createTestBrowser();
    here = browser.openTab();
    there = browser.openTab();
    // Both run already when things happen.
    await Promise.all([here.shares(), there.shares()]);
  });

  it.each(['public', 'private'] as const)(
    '[ST7] have a %s share that one of them added',
    async (visibility) => {
      const view = await addTo(here, CONTENTS, visibility);
      await expect.poll(() => there.shares()).toEqual([view]);
      expect(await hashOf(await there.read(view.root))).toBe(await hashOf(CONTENTS.a));
    },
  );

  it('[ST7] see one another’s downloads block by block', async () => {
    const { root, key } = await addTo(source, CONTENTS, 'private');
    await here.want({ root, key, signaling: [] });
    await carryMetainfo(source, here, root);
    await expect.poll(async () => (await viewIn(there, root))?.metainfo?.missingHashes).toEqual([]);
    const changes: VaultChange[] = [];
    await there.onChange((change) => changes.push(change));
    await carryBlocks(source, here, root, [2]);
    await expect.poll(() => changes).toContainEqual({ type: 'blocks', root, indexes: [2] });
    await carryBlocks(source, there, root);
    await expect.poll(async () => (await viewIn(here, root))?.keyState).toBe('ok');
    expect(await hashOf(await here.read(root))).toBe(await hashOf(CONTENTS.a));
  });

  it('[ST7] see the key, the pause and the removal that the other was told of', async () => {
    const { root, key } = await addTo(source, CONTENTS, 'private');
    await here.want({ root, signaling: [] });
    await carryMetainfo(source, here, root);
    await carryBlocks(source, here, root);
    await expect.poll(async () => (await viewIn(there, root))?.keyState).toBe('missing');
    await here.want({ root, key, signaling: [] });
    await here.setPaused(root, true);
    await expect.poll(() => viewIn(there, root)).toMatchObject({ keyState: 'ok', key, paused: true });
    await here.remove(root);
    await expect.poll(() => there.shares()).toEqual([]);
    await expect.poll(() => there.usage()).toEqual({ blocks: 0, bytes: 0 });
  });

  it('[ST13] do not delete what the other is adding', async () => {
    const other = await addTo(there, { b: patternOf(BLOCK, 5) });
    let removed: Promise<void> | undefined;
    const adding = here.add(
      filesFrom({ a: patternOf(40 * BLOCK, 1) }),
      { visibility: 'public', job: 'x' },
      () => {
        removed ??= there.remove(other.root);
      },
    );
    const view = await adding;
    await removed;
    expect(removed).toBeDefined();
    expect(blocksIn((await viewIn(here, view.root)) as ShareView)).toHaveLength(40);
    expect(await hashOf(await here.read(view.root))).toBe(await hashOf(patternOf(40 * BLOCK, 1)));
  });

  it('[ST13] do not delete what they have not heard of yet', async () => {
    const browser = createTestBrowser();
    const deaf = browser.openTab({
      stores: ({ blocks, shares }) => ({ blocks, shares: { ...shares, onChange: () => () => undefined } }),
    });
    const own = await addTo(deaf, { x: patternOf(5, 2) });
    const speaking = browser.openTab();
    const { root } = await addTo(speaking, CONTENTS);
    await expect.poll(async () => (await deaf.usage()).blocks).toBe(5);
    await deaf.remove(own.root);
    expect(await deaf.usage()).toEqual({ blocks: 4, bytes: 4 * BLOCK });
    expect(await hashOf(await speaking.read(root))).toBe(await hashOf(CONTENTS.a));
  });

  it('[ST13] do not delete what the other has just listed', async () => {
    const common = patternOf(2 * BLOCK, 3);
    const first = await addTo(here, { x: common });
    const [second] = await Promise.all([
      addTo(there, { 'set/x': common, 'set/y': patternOf(9, 9) }),
      here.remove(first.root),
    ]);
    expect(await hashOf(await there.read(second.root, ['x']))).toBe(await hashOf(common));
    const third = await addTo(there, { x: common });
    await here.remove(second.root);
    expect(await hashOf(await there.read(third.root))).toBe(await hashOf(common));
  });

  it('[ST15] take in the hashes of thousands of files without telling or reading all for each', async () => {
    const random = createSeededRandom(7);
    const pieceLength = 16 * 1024;
    const files = Array.from({ length: 2000 }, (_, i) => {
      const ids = [0, 1].map(() => idFromBytes<BlockId>(random.bytes(32)));
      const length = 2 * pieceLength;
      const path = [String(i).padStart(4, '0')];
      return { path, length, ids, piecesRoot: piecesRootOf(ids, { length, pieceLength }) };
    });
    const info = encodeInfo({ name: 'many', pieceLength, sealed: false, files });
    const root = await rootOf(info);

    let reads = 0;
    const browser = createTestBrowser();
    const tabs = [0, 1].map(() =>
      browser.openTab({
        stores: ({ blocks, shares }) => ({
          blocks,
          shares: {
            ...shares,
            hashes(of) {
              reads += 1;
              return shares.hashes(of);
            },
          },
        }),
      }),
    ) as [TestTab, TestTab];
    await Promise.all(tabs.map((tab) => tab.shares()));
    await tabs[0].want({ root, signaling: [] });
    await tabs[0].putInfo(root, info.buffer);
    await expect.poll(async () => (await viewIn(tabs[1], root))?.metainfo?.missingHashes.length).toBe(2000);
    const changes: VaultChange[][] = [[], []];
    for (const [i, tab] of tabs.entries()) await tab.onChange((change) => changes[i]?.push(change));
    reads = 0;

    const answers = await Promise.all(
      files.map(({ ids }, file) =>
        tabs[0].putHashes(root, { file, first: 0, count: 2 }, blockHashes(ids).buffer),
      ),
    );
    const view = answers.pop();
    expect(view?.metainfo?.missingHashes).toEqual([]);
    expect(answers.every((answer) => answer === undefined)).toBe(true);
    await expect
      .poll(() => changes)
      .toEqual([[{ type: 'share', share: view }], [{ type: 'share', share: view }]]);
    expect(reads).toBe(0);
    // What came before is neither told again nor lost.
    const [first] = files;
    const again = blockHashes(first?.ids ?? []).buffer;
    expect(await tabs[0].putHashes(root, { file: 0, first: 0, count: 2 }, again)).toBeUndefined();
    expect(await viewIn(browser.openTab(), root)).toEqual(view);
  });

  it('[ST15] go on with the hashes that were fetched before a reload', async () => {
    const { root } = await addTo(source, {
      'set/a': patternOf(2 * BLOCK, 1),
      'set/b': patternOf(2 * BLOCK, 2),
    });
    await here.want({ root, signaling: [] });
    const view = await here.putInfo(root, (await source.info(root)) ?? new ArrayBuffer(0));
    const [first, second] = view.metainfo?.missingHashes ?? [];
    if (!first || !second) throw new Error('there are two');
    const answer = async (range: typeof first): Promise<ArrayBuffer> =>
      (await source.hashes(root, range)) ?? new ArrayBuffer(0);
    // A range may be smaller than the one that is asked for; half of one does not make it known.
    await here.putHashes(root, { ...first, count: 1 }, await answer({ ...first, count: 1 }));
    await here.putHashes(root, second, await answer(second));
    await expect.poll(async () => (await viewIn(there, root))?.metainfo?.missingHashes).toEqual([first]);
    expect((await viewIn(here, root))?.metainfo?.missingHashes).toEqual([first]);
    expect(await there.putHashes(root, first, await answer(first))).toMatchObject({ root });
    await expect.poll(async () => (await viewIn(here, root))?.metainfo?.missingHashes).toEqual([]);
  });
});
