import { createDeferred, sleep, stateWhere, systemClock } from '@tabswarm/base';
import type { Root } from '@tabswarm/protocol/ids';
import { createSeededRandom } from '@tabswarm/testkit';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Node } from '../src/api.ts';
import type { SupplyView, TransferView } from '../src/snapshot.ts';
import { BLOCK, createDisk, openTab, rowWhere, stopTabs, type Disk } from './room-support.ts';

const SIZE = 60 * BLOCK;
/** As much as the vault reads at a time. */
const READ = 8 * BLOCK;
/** What a slow disk gives of it before it gives the rest. */
const FIRST = (2 * READ) / SIZE;
/** What is not held up takes less, by far. */
const HELD_MS = 1_000;

const content = createSeededRandom(7).bytes(SIZE);
const path = ['a.bin'];
const whole = { path, file: new Blob([content]) };

/** The file on a disk that gives all but what lies behind `from` at once, and that when it is told to. */
function slowFile(from: number) {
  const { promise, resolve } = createDeferred<void>();
  const slice = (start: number, end: number): Blob => {
    const part = whole.file.slice(start, end);
    if (start < from) return part;
    return Object.assign(part, { arrayBuffer: () => promise.then(() => new Blob([part]).arrayBuffer()) });
  };
  return { file: { path, file: Object.assign(new Blob([content]), { slice }) }, giveTheRest: resolve };
}

const fail = (): Promise<never> => Promise.reject(new DOMException('gone', 'NotFoundError'));
const cannotBeRead = (): Blob => Object.assign(new Blob(), { arrayBuffer: fail });

let root: Root;
let torrent: Blob;
beforeAll(async () => {
  const { node } = await openTab();
  ({ root } = await node.share([whole], { visibility: 'public' }));
  torrent = await node.torrent(root);
});
afterEach(stopTabs);

/** A tab that has of the share no more than its hashes, and nobody to fetch it from. */
async function openWaiting(disk?: Disk): Promise<Node> {
  const { node } = await openTab(disk);
  await node.addTorrent(torrent);
  return node;
}

async function supplyWhere(node: Node, accept: (supply: SupplyView) => boolean): Promise<SupplyView> {
  const { supply } = await rowWhere(node, (row) => row.supply !== undefined && accept(row.supply));
  return supply as SupplyView;
}

/** What a slow disk gives at first is stored, and told of. */
function hasFirst({ progress, supply }: TransferView): boolean {
  return progress >= FIRST && (supply?.progress ?? 0) > 0;
}

/** Begins to take what is on a slow disk; resolves when that gives no more. */
async function beginSlowly(node: Node, options?: Parameters<Node['supply']>[2]) {
  const { file, giveTheRest } = slowFile(2 * READ);
  const outcome = Promise.allSettled([node.supply(root, [file], options)]).then(([result]) => result);
  const { supply } = await rowWhere(node, hasFirst);
  return { supply: supply as SupplyView, outcome, giveTheRest };
}

/** That of the share no files are checked any more, and the row is as it was: it may be fetched, or supplied again. */
const expectIdle = async (node: Node): Promise<TransferView> => {
  await rowWhere(node, (row) => row.root === root && row.supply === undefined);
  const { transfers } = node.snapshot.get();
  expect(transfers).toHaveLength(1);
  return transfers[0] as TransferView;
};

describe('files that a share is supplied with', () => {
  it('[CT25] are told of in its row as far as they are checked, and make it whole', async () => {
    const node = await openWaiting();
    const { supply, outcome, giveTheRest } = await beginSlowly(node);
    expect(supply.status).toEqual({ state: 'checking' });
    expect(supply.progress).toBeLessThanOrEqual(FIRST);
    giveTheRest();
    expect(await outcome).toEqual({ status: 'fulfilled', value: SIZE });
    await rowWhere(node, ({ status }) => status.state === 'complete');
    await expectIdle(node);
    // Who presses a button too late has done nothing wrong.
    await node.pause(supply.id);
    await node.remove(supply.id);
    expect((await expectIdle(node)).status.state).toBe('complete');
  });

  it('[ST22] wait when the user wants it, and go on', async () => {
    const node = await openWaiting();
    const { supply, outcome, giveTheRest } = await beginSlowly(node);
    await node.pause(supply.id);
    const paused = await supplyWhere(node, ({ status }) => status.state === 'paused');
    expect(paused.status).toEqual({ state: 'paused', problem: undefined });
    // The share itself is not what was paused.
    expect((await rowWhere(node, () => true)).status.state).toBe('finding');
    giveTheRest();
    const held = sleep(systemClock, HELD_MS).then(() => 'held up');
    expect(await Promise.race([outcome, held])).toBe('held up');
    expect(await rowWhere(node, () => true)).toMatchObject({
      progress: FIRST,
      supply: { status: { state: 'paused' } },
    });
    await node.resume(supply.id);
    expect(await outcome).toEqual({ status: 'fulfilled', value: SIZE });
  });

  it('[ST22] are given up when the user wants it, and what was right so far stays', async () => {
    const node = await openWaiting();
    const { supply, outcome, giveTheRest } = await beginSlowly(node);
    const removed = node.remove(supply.id);
    giveTheRest();
    await removed;
    expect(await outcome).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
    const row = await expectIdle(node);
    expect(row.status.state).toBe('finding');
    expect(row.progress).toBe(FIRST);
    expect(await node.supply(root, [whole])).toBe(SIZE);
  });

  it('[ST22] are given up with a signal, whose reason is told', async () => {
    const node = await openWaiting();
    const over = new AbortController();
    const { outcome, giveTheRest } = await beginSlowly(node, { signal: over.signal });
    over.abort(new Error('changed my mind'));
    giveTheRest();
    expect(await outcome).toMatchObject({ status: 'rejected', reason: { message: 'changed my mind' } });
    expect((await expectIdle(node)).progress).toBe(FIRST);
    await expect(node.supply(root, [whole], { signal: over.signal })).rejects.toThrow('changed my mind');
  });

  it('[ST22] are given up when the share is removed', async () => {
    const node = await openWaiting();
    const { supply, outcome, giveTheRest } = await beginSlowly(node);
    await node.pause(supply.id);
    await node.remove(root);
    giveTheRest();
    expect(await outcome).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
    await stateWhere(node.snapshot, ({ transfers }) => transfers.length === 0);
  });

  it('[ST26] wait for room, say so, and go on by themselves when more is free', async () => {
    const disk = createDisk(20);
    const node = await openWaiting(disk);
    const supplying = node.supply(root, [whole]);
    const { status, progress } = await supplyWhere(node, (supply) => supply.status.state === 'paused');
    expect(status).toMatchObject({ problem: { code: 'disk-full' } });
    expect(progress).toBeCloseTo(20 / 60);
    disk.blocks = Infinity;
    disk.free += 10 * SIZE;
    expect(await supplying).toBe(SIZE);
    await expectIdle(node);
  });

  it('[CT25] that are others, or cannot be read, are refused in words', async () => {
    const node = await openWaiting();
    const other = { path, file: new Blob([createSeededRandom(8).bytes(SIZE)]) };
    await expect(node.supply(root, [other])).rejects.toMatchObject({ problem: { code: 'unusable' } });
    const file = Object.assign(new Blob([content]), { slice: cannotBeRead });
    await expect(node.supply(root, [{ path, file }])).rejects.toMatchObject({
      problem: { code: 'not-readable' },
    });
    await expectIdle(node);
  });
});
