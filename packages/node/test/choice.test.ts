import fc from 'fast-check';
import { silentLog, stateWhere, systemClock, systemRandom } from '@tabswarm/base';
import { createMemoryNetwork } from '@tabswarm/net/memory';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import type { Root } from '@tabswarm/protocol/ids';
import { createMemoryBrowser } from '@tabswarm/store';
import { createSeededRandom } from '@tabswarm/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { Node } from '../src/api.ts';
import { chosen, namingOf, onlyThese, priorityOf } from '../src/choice.ts';
import { soleDuties } from '../src/duties.ts';
import { createNode } from '../src/node.ts';
import type { TransferView } from '../src/snapshot.ts';
import { createMemoryStoreLock, createVault } from '../src/vault/index.ts';

const BLOCK = 256 * 1024;
/** 3, 6 and 9 blocks, and none. */
const FILES = ['a', 'b', 'c'].map((name, i) => ({
  path: ['set', 'in', name],
  file: new Blob([createSeededRandom(i + 1).bytes((i + 1) * 3 * BLOCK)]),
}));

const network = createMemoryNetwork(systemClock);
const open: Node[] = [];

function createBrowser() {
  const stores = createMemoryBrowser();
  const lock = createMemoryStoreLock();
  return {
    async openTab() {
      const identity = await identityFromKeys(await generateIdentityKeys());
      const transport = network.transport(identity.id);
      const shared = { clock: systemClock, random: systemRandom, log: silentLog };
      const vault = createVault({ stores: stores.openTab(), lock, ...shared });
      const node = createNode(
        { vault, transport, identity, duties: soleDuties, ...shared },
        { site: 'https://tabs.example/' },
      );
      open.push(node);
      await node.start();
      return { node, transport, vault };
    },
  };
}

async function openPair(visibility: 'private' | 'public') {
  const browser = createBrowser();
  const [a, b] = [await createBrowser().openTab(), await browser.openTab()];
  await b.transport.dial(a.transport.self);
  return { a, b, browser, share: await a.node.share(FILES, { visibility }) };
}

async function row(node: Node, root: Root, accept: (view: TransferView) => boolean): Promise<TransferView> {
  const find = (transfers: readonly TransferView[]) =>
    transfers.find((view) => view.root === root && accept(view));
  const { transfers } = await stateWhere(
    node.snapshot,
    (snapshot) => find(snapshot.transfers) !== undefined,
    {
      signal: AbortSignal.timeout(15_000),
    },
  );
  return find(transfers) as TransferView;
}

afterEach(async () => {
  for (const node of open.splice(0)) await node.stop();
});

describe('choosing files', () => {
  for (const visibility of ['private', 'public'] as const) {
    it(`[EX15] fetches those of a ${visibility} share that the link was opened for, and no others`, async () => {
      const { b, share } = await openPair(visibility);
      const manifest = visibility === 'private' ? 1 : 0;
      await b.node.download(share.link, { files: [['in', 'b']] });
      const view = await row(b.node, share.root, ({ status }) => status.state === 'complete');
      expect(view).toMatchObject({ progress: 1, readable: true, chosen: { files: 1, bytes: 6 * BLOCK } });
      expect((await b.vault.usage()).blocks).toBe(6 + manifest);
      expect((await b.node.read(share.root, ['in', 'b'])).size).toBe(6 * BLOCK);
      await expect(b.node.read(share.root, ['in', 'a'])).rejects.toMatchObject({ name: 'IncompleteError' });
      expect(b.node.files(share.root, 0, 9)).toMatchObject([
        { path: ['in', 'a'], priority: 'skip', keptBytes: 0 },
        { path: ['in', 'b'], priority: 'normal', keptBytes: 6 * BLOCK },
        { path: ['in', 'c'], priority: 'skip', keptBytes: 0 },
      ]);
    });
  }

  it('[EX16] takes more, and then all, without fetching anything again', async () => {
    const { b, share } = await openPair('private');
    await b.node.download(share.link, { files: [['set', 'in', 'a']] });
    expect((await b.vault.usage()).blocks).toBe(4);
    await b.node.download(share.link, { files: [['in', 'b']] });
    expect((await b.vault.usage()).blocks).toBe(10);
    await b.node.choose(share.root, 'normal');
    await row(b.node, share.root, (view) => view.status.state === 'complete' && view.chosen === undefined);
    expect((await b.vault.usage()).blocks).toBe(19);
  });

  it('[EX16] takes all of a share whose link is downloaded without a choice', async () => {
    const { b, share } = await openPair('private');
    await b.node.download(share.link, { files: [['in', 'a']] });
    await b.node.download(share.link);
    expect((await b.vault.usage()).blocks).toBe(19);
    expect((await b.node.read(share.root, ['in', 'c'])).size).toBe(9 * BLOCK);
  });

  it('[EX15] waits for a choice where there is none, with the list of files at hand', async () => {
    const { b, share } = await openPair('private');
    await b.node.download(share.link, { files: [] });
    const waiting = await row(b.node, share.root, ({ status }) => status.state === 'paused');
    expect(waiting.status).toMatchObject({ choosing: true });
    expect(waiting.files.map(({ path }) => path.at(-1))).toEqual(['a', 'b', 'c']);
    expect((await b.vault.usage()).blocks).toBe(1);
    await b.node.choose(share.root, 'first', [['in', 'c']]);
    await row(b.node, share.root, ({ status }) => status.state === 'complete');
    expect((await b.vault.usage()).blocks).toBe(10);
  });

  it('[EX15] is kept: over a reload, and in the other tabs of the browser', async () => {
    const { b, browser, share } = await openPair('public');
    const other = await browser.openTab();
    await b.node.download(share.link, { files: [['in', 'a']] });
    await row(other.node, share.root, (view) => view.chosen?.files === 1);
    await b.node.stop();
    const again = await browser.openTab();
    const view = await row(again.node, share.root, ({ status }) => status.state === 'complete');
    expect(view.chosen).toEqual({ files: 1, bytes: 3 * BLOCK });
  });

  it('[EX15] says that a file is not in the share', async () => {
    const { b, share } = await openPair('private');
    await expect(b.node.download(share.link, { files: [['in', 'd']] })).rejects.toMatchObject({
      name: 'NotFoundError',
    });
  });

  it('[EX13] does not keep a file from being read that was not chosen', async () => {
    const { b, share } = await openPair('private');
    await b.node.download(share.link, { files: [['in', 'a']] });
    const read = new Response(
      b.node.stream(share.root, ['in', 'b']) as ReadableStream<Uint8Array<ArrayBuffer>>,
    );
    expect((await read.arrayBuffer()).byteLength).toBe(6 * BLOCK);
    expect((await b.vault.usage()).blocks).toBe(10);
    expect((await row(b.node, share.root, () => true)).status.state).toBe('complete');
  });
});

describe('a choice', () => {
  const path = fc.array(fc.constantFrom('a', 'b', '__proto__', 'constructor'), {
    minLength: 1,
    maxLength: 3,
  });
  const priority = fc.constantFrom('skip' as const, 'normal' as const, 'first' as const);

  it('[EX15] says of every file what was last said of it, or of all', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(priority, fc.option(fc.array(path)))), path, (said, one) => {
        let choice: ReturnType<typeof chosen>;
        let expected = 'normal';
        const naming = namingOf({});
        for (const [what, paths] of said) {
          choice = chosen(choice, what, paths ?? undefined, naming);
          if (!paths || paths.some((named) => named.join('/') === one.join('/'))) expected = what;
        }
        expect(priorityOf(choice, one, naming)).toBe(expected);
      }),
    );
    expect(chosen(onlyThese([['x']]), 'normal')).toBeUndefined();
  });

  /** How the files of a share named x are named. */
  const namingWith = (...paths: Path[]) =>
    namingOf({
      name: 'x',
      metainfo: { files: paths.map((one) => ({ path: one })) },
    });
  type Path = readonly string[];

  it('[EX15] may have the share’s name before the path, which is no other file then', () => {
    const naming = namingWith(['y'], ['z']);
    const byLink = onlyThese([['x', 'y']]);
    expect(priorityOf(byLink, ['y'], naming)).toBe('normal');
    expect(priorityOf(byLink, ['z'], naming)).toBe('skip');
    // What is said of it later counts, by either path.
    expect(priorityOf(chosen(byLink, 'skip', [['y']], naming), ['y'], naming)).toBe('skip');
    expect(priorityOf(chosen(byLink, 'first', [['x', 'y']], naming), ['y'], naming)).toBe('first');
    const both = chosen(chosen(undefined, 'skip', [['y']], naming), 'first', [['x', 'y']], naming);
    expect(priorityOf(both, ['y'], naming)).toBe('first');
  });

  it('[EX15] is of that file alone, where the share has one at either path', () => {
    const naming = namingWith(['y'], ['x', 'y']);
    const inner = chosen(undefined, 'skip', [['x', 'y']], naming);
    expect(priorityOf(inner, ['x', 'y'], naming)).toBe('skip');
    expect(priorityOf(inner, ['y'], naming)).toBe('normal');
    // Nobody knows of the other one as long as there is no list.
    const blind = chosen(onlyThese([['x', 'y']]), 'normal', [['y']], namingOf({ name: 'x' }));
    expect([priorityOf(blind, ['x', 'y'], naming), priorityOf(blind, ['y'], naming)]).toEqual([
      'normal',
      'normal',
    ]);
    const outer = chosen(inner, 'first', [['y']], naming);
    expect([priorityOf(outer, ['x', 'y'], naming), priorityOf(outer, ['y'], naming)]).toEqual([
      'skip',
      'first',
    ]);
  });
});
