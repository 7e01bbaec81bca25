import { systemClock, systemRandom, type Clock, type Random } from '@tabswarm/base';
import {
  createVault,
  createMemoryStoreLock,
  type LocalVault,
  type ShareView,
  type SourceFile,
  type Visibility,
} from '@tabswarm/node/vault';
import { createMemoryBrowser, type Stores } from '@tabswarm/store';
import { sha256, toHex } from '@tabswarm/protocol/bytes';
import type { BlockId, Root } from '@tabswarm/protocol/ids';
import { expect } from 'vitest';

/** Waits are what they are in the product, only shorter, so that tests do not stand about. */
const hastyClock: Clock = {
  now: () => systemClock.now(),
  after: (ms, run) => systemClock.after(Math.min(ms, 1), run),
};

export interface TestTab extends LocalVault {
  readonly stores: Stores;
}

/** A browser with empty stores; each tab has a vault of its own. */
export interface TestBrowser {
  openTab(options?: { readonly random?: Random; readonly stores?: (stores: Stores) => Stores }): TestTab;
}

export function createTestBrowser(open: () => Stores = createMemoryBrowser().openTab): TestBrowser {
  const lock = createMemoryStoreLock();
  return {
    openTab({ random = systemRandom, stores: change = (stores: Stores): Stores => stores } = {}) {
      const stores = change(open());
      return Object.assign(createVault({ stores, lock, random, clock: hastyClock }), { stores });
    },
  };
}

/** A tab that has what is shared, and one of another browser, in which nothing is. */
export function openPair(): { source: TestTab; browser: TestBrowser; vault: TestTab } {
  const browser = createTestBrowser();
  return { source: createTestBrowser().openTab(), browser, vault: browser.openTab() };
}

type Put = Stores['blocks']['put'];

/** Stores that write blocks in a way of their own; `write` is what they would have done. */
export function putting(
  put: (write: Put, block: Parameters<Put>[0]) => Promise<void>,
): (stores: Stores) => Stores {
  return ({ blocks, shares }) => ({
    shares,
    blocks: { ...blocks, put: (block) => put((one) => blocks.put(one), block) },
  });
}

/** A disk on which so many blocks have room, and the ids of the blocks that were written to it. */
export interface Disk {
  room: number;
  readonly written: BlockId[];
  /** It gets full no sooner than these have been put on it: hashing may end in any order. */
  readonly awaited: Set<BlockId>;
}

export function onDisk(disk: Disk): (stores: Stores) => Stores {
  return (stores) => ({
    ...stores,
    blocks: {
      ...stores.blocks,
      async put(block) {
        disk.awaited.delete(block.id);
        if ((await stores.blocks.ids()).has(block.id)) return;
        if (disk.room <= 0) await expect.poll(() => disk.awaited.size).toBe(0);
        if (disk.room <= 0) throw new DOMException('no room', 'QuotaExceededError');
        disk.room -= 1;
        disk.written.push(block.id);
        await stores.blocks.put(block);
      },
      async delete(ids) {
        const kept = await stores.blocks.ids();
        disk.room += ids.filter((id) => kept.has(id)).length;
        await stores.blocks.delete(ids);
      },
    },
  });
}

/** No block twice within 16 MiB, and none in common between seeds that do not differ by a multiple of 4. */
export function patternOf(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i += 1) out[i] = i * 7 + (i >> 8) * 13 + (i >> 16) * 17 + seed;
  return out;
}

/** A folder of several blocks and one, and an empty file. */
export const SMALL_FOLDER = {
  'set/a': patternOf(3 * 256 * 1024 + 5, 1),
  'set/b': patternOf(100, 2),
  'set/c': patternOf(0, 3),
};

/** Files by path, as `add` takes them. */
export function filesFrom(
  contents: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
): { path: string[]; file: Blob }[] {
  return Object.entries(contents).map(([path, bytes]) => ({
    path: path.split('/'),
    file: new Blob([bytes], { type: 'text/plain' }),
  }));
}

let jobs = 0;

export function addTo(
  vault: LocalVault,
  contents: Readonly<Record<string, Uint8Array<ArrayBuffer>>>,
  visibility: Visibility = 'public',
): Promise<ShareView> {
  return vault.add(filesFrom(contents), { visibility, job: `test ${(jobs += 1)}` }, () => undefined);
}

export function supplyTo(vault: LocalVault, root: Root, files: readonly SourceFile[]): Promise<number> {
  return vault.supply(root, files, { job: `test ${(jobs += 1)}` }, () => undefined);
}

export async function viewIn(vault: LocalVault, root: Root): Promise<ShareView | undefined> {
  return (await vault.shares()).find((share) => share.root === root);
}

/** The indexes of the blocks that a view has. */
export function blocksIn({ have, metainfo }: ShareView): number[] {
  const indexes = Array.from({ length: metainfo?.blockCount ?? 0 }, (_, i) => i);
  return indexes.filter((i) => ((have[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0);
}

/** Carries a share's metainfo from one vault to another, where it is listed already. */
export async function carryMetainfo(from: LocalVault, to: LocalVault, root: Root): Promise<ShareView> {
  const info = await from.info(root);
  if (!info) throw new Error('the source has no info dictionary');
  let view = await to.putInfo(root, info);
  for (const range of view.metainfo?.missingHashes ?? []) {
    const answer = await from.hashes(root, range);
    if (!answer) throw new Error('the source has no hashes');
    view = (await to.putHashes(root, range, answer)) ?? view;
  }
  return view;
}

/** Carries blocks, all of them unless told which; answers the verdicts. */
export async function carryBlocks(
  from: LocalVault,
  to: LocalVault,
  root: Root,
  indexes?: readonly number[],
): Promise<string[]> {
  const count = (await viewIn(from, root))?.metainfo?.blockCount ?? 0;
  const wanted = indexes ?? Array.from({ length: count }, (_, i) => i);
  return Promise.all(
    wanted.map(async (index) => {
      const block = await from.block(root, index);
      if (!block) throw new Error('the source does not have the block');
      return to.put(root, index, block);
    }),
  );
}

/** SHA-256 in hexadecimal: what contents are compared by, since comparing megabytes item by item takes seconds. */
export async function hashOf(
  content: Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | undefined,
): Promise<string> {
  const bytes = new Uint8Array(content instanceof Blob ? await content.arrayBuffer() : (content ?? []));
  return toHex(await sha256(bytes));
}
