import { systemClock, systemRandom, type Clock } from '@tabswarm/base';
import { createManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import type { Resource } from '../../src/resources/resources.ts';
import { createInterruptions } from '../../src/save/interruptions.ts';
import type { Pickers } from '../../src/save/pickers.ts';
import { createSaves, type Saves, type SaveView } from '../../src/save/saves.ts';
import { createDisk, emptyFolder, folderHandle, listOf, type Disk, type FakeFolder } from './fake-folder.ts';
import { createLocks } from './fake-locks.ts';
import { createSource, textSource } from './sources.ts';

const ROOT = 'ab'.repeat(32);
const HOUR_MS = 3_600_000;

interface World {
  readonly saves: Saves;
  readonly chosen: FakeFolder;
  readonly disk: Disk;
  readonly asked: string[];
  /** What the browser was asked to download, and how the page made it known. */
  readonly published: Resource[];
  readonly addresses: string[];
  readonly closed: string[];
  readonly blobs: { readonly name: string; readonly blob: Blob }[];
}

class NoServiceWorkerError extends Error {
  override readonly name = 'NoServiceWorkerError';
}

function createStorage(entries: Record<string, string> = {}): Pick<Storage, 'getItem' | 'setItem'> {
  const map = new Map(Object.entries(entries));
  return { getItem: (key) => map.get(key) ?? null, setItem: (key, value) => void map.set(key, value) };
}

function createWorld({
  dialogs = true,
  worker = true,
  storage = createStorage(),
  clock = systemClock,
}: {
  readonly dialogs?: boolean | 'dismissed';
  readonly worker?: boolean;
  readonly storage?: Pick<Storage, 'getItem' | 'setItem'>;
  readonly clock?: Clock;
} = {}): World {
  const chosen = emptyFolder();
  const disk = createDisk();
  const folder = folderHandle(chosen, 'chosen', disk);
  const world = { chosen, disk, asked: [], published: [], addresses: [], closed: [], blobs: [] } as Omit<
    World,
    'saves'
  >;
  const pickers: Pickers = dialogs
    ? {
        async file(suggestedName) {
          world.asked.push(suggestedName);
          return dialogs === true ? folder.getFileHandle(suggestedName, { create: true }) : undefined;
        },
        async folder() {
          world.asked.push('a folder');
          return dialogs === true ? folder : undefined;
        },
      }
    : {};
  const saves = createSaves({
    pickers,
    interruptions: createInterruptions(storage),
    clock,
    locks: createLocks(),
    random: systemRandom,
    resources: {
      async publish(resource) {
        if (!worker) throw new NoServiceWorkerError('none here');
        world.published.push(resource);
        const url = `/files/${world.published.length}`;
        return { url, close: () => void world.closed.push(url) };
      },
    },
    downloads: {
      fromAddress(url) {
        world.addresses.push(url);
        return () => undefined;
      },
      fromBlob: (blob, name) => void world.blobs.push({ blob, name }),
    },
  });
  return { ...world, saves };
}

function only(saves: Saves): SaveView | undefined {
  expect(saves.views.get().length).toBeLessThanOrEqual(1);
  return saves.views.get()[0];
}

function readPublished({ published }: World): Promise<string> {
  const [resource] = published;
  return new Response(resource?.open({ start: 0, end: resource.length })).text();
}

describe('saving', () => {
  it('[SV1] asks for a file where it is one, and for a folder where they are several', async () => {
    const { saves, asked, chosen } = createWorld();
    await saves.save({ root: ROOT, name: 'one', files: [textSource('in a folder/a?.txt', 'one')] });
    expect(only(saves)?.status).toEqual({ state: 'saved', handedOver: false });
    await saves.save({ root: ROOT, name: 'Set', files: [textSource('a', '1'), textSource('b/c', '2')] });
    expect(asked).toEqual(['a_.txt', 'a folder']);
    expect(listOf(chosen)).toEqual({ 'a_.txt': 'one', 'Set/a': '1', 'Set/b/c': '2' });
    expect(only(saves)).toMatchObject({ name: 'Set', status: { state: 'saved' } });
  });

  it('[SV1] does nothing where the dialog is dismissed', async () => {
    const { saves } = createWorld({ dialogs: 'dismissed' });
    await saves.save({ root: ROOT, name: 'one', files: [textSource('a', 'one')] });
    expect(saves.views.get()).toEqual([]);
  });

  it('[SV1] hands over to the browser’s downloads where there are no dialogs: a file, or several as one ZIP', async () => {
    const world = createWorld({ dialogs: false });
    const saved = world.saves.save({ root: ROOT, name: 'one', files: [textSource('a.txt', 'one')] });
    await expect.poll(() => world.addresses).toEqual(['/files/1']);
    expect(world.published[0]).toMatchObject({ name: 'a.txt', length: 3, use: 'download', seekable: false });
    expect(await readPublished(world)).toBe('one');
    await saved;
    expect(only(world.saves)?.status).toEqual({ state: 'saved', handedOver: true });

    void world.saves.save({ root: ROOT, name: 'Set', files: [textSource('a', '1'), textSource('b', '2')] });
    await expect.poll(() => world.published[1]?.name).toBe('Set.zip');
  });

  it('[SV1] without a service worker gathers small files first, and says that it cannot do so with larger ones', async () => {
    const { saves, blobs } = createWorld({ dialogs: false, worker: false });
    await saves.save({ root: ROOT, name: 'one', files: [textSource('a.txt', 'one')] });
    expect(blobs[0]?.name).toBe('a.txt');
    expect(await blobs[0]?.blob.text()).toBe('one');
    const large = { ...createSource('b', 256 * 1024 * 1024 + 1) };
    await saves.save({ root: ROOT, name: 'large', files: [large] });
    expect(only(saves)?.status).toMatchObject({ state: 'failed', message: expect.stringMatching(/268 MB/) });
    expect(large.state.opened).toBe(0);
  });

  it('[SV2] is read by the browser no faster than it takes it, and ends when it leaves off', async () => {
    const world = createWorld({ dialogs: false });
    const source = createSource('a.txt', 9);
    const saved = world.saves.save({ root: ROOT, name: 'one', files: [source] });
    await expect.poll(() => world.published.length).toBe(1);
    const reader = world.published[0]?.open({ start: 0, end: 9 }).getReader();
    source.give('one');
    await reader?.read();
    await reader?.cancel();
    await saved;
    expect(source.state.left).toBe(true);
    expect(only(world.saves)?.status).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/cancelled/),
    });
    expect(world.closed).toEqual(['/files/1']);
  });

  it('[SV9] is saved when the browser has come to the end of it, however long it pauses before', async () => {
    const clock = createManualClock();
    const world = createWorld({ dialogs: false, clock });
    const saved = world.saves.save({ root: ROOT, name: 'one', files: [textSource('a.txt', 'one')] });
    await expect.poll(() => world.published.length).toBe(1);
    const reader = world.published[0]?.open({ start: 0, end: 3 }).getReader();
    await reader?.read();
    await clock.advance(HOUR_MS);
    expect(only(world.saves)?.status).toMatchObject({ state: 'saving', bytesDone: 3 });
    expect(world.closed).toEqual([]);
    expect(await reader?.read()).toMatchObject({ done: true });
    await saved;
    expect(only(world.saves)?.status.state).toBe('saved');
    await clock.advance(HOUR_MS);
    expect(world.closed).toEqual(['/files/1']);

    void world.saves.save({ root: ROOT, name: 'one', files: [textSource('a.txt', 'one')] });
    await expect.poll(() => world.published.length).toBe(2);
    const left = world.published[1]?.open({ start: 0, end: 3 }).getReader();
    await left?.read();
    await left?.cancel();
    await expect.poll(() => only(world.saves)?.status.state).toBe('failed');
  });

  it('[SV9] says so where the browser does not begin to fetch it', async () => {
    const clock = createManualClock();
    const storage = createStorage();
    const world = createWorld({ dialogs: false, clock, storage });
    const saved = world.saves.save({ root: ROOT, name: 'one', files: [textSource('a.txt', 'one')] });
    await expect.poll(() => world.addresses.length).toBe(1);
    await clock.advance(29_000);
    expect(only(world.saves)?.status.state).toBe('saving');
    await clock.advance(1_000);
    await saved;
    const message: unknown = expect.stringMatching(/did not begin/);
    expect(only(world.saves)?.status).toMatchObject({ state: 'failed', message });
    expect(world.closed).toEqual(['/files/1']);
    expect(createWorld({ storage }).saves.views.get()).toEqual([]);
  });

  it('[SV9] saves an empty file, of which there is nothing to fetch', async () => {
    const { saves, blobs } = createWorld({ dialogs: false });
    await saves.save({ root: ROOT, name: 'none', files: [textSource('none.txt', '')] });
    expect(blobs[0]?.name).toBe('none.txt');
    expect(blobs[0]?.blob.size).toBe(0);
    expect(only(saves)?.status.state).toBe('saved');
  });

  it('[SV3] breaks off what the browser is taking where the share goes away', async () => {
    const world = createWorld({ dialogs: false });
    const source = createSource('a.txt', 9);
    const saved = world.saves.save({ root: ROOT, name: 'one', files: [source] });
    await expect.poll(() => world.published.length).toBe(1);
    const text = readPublished(world);
    source.give('one');
    source.fail(new Error('removed'));
    await expect(text).rejects.toThrow();
    await saved;
    expect(only(world.saves)?.status).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/removed/),
    });
  });

  it('[SV3] is stopped by the person who started it, and leaves nothing', async () => {
    const { saves, chosen } = createWorld();
    const source = createSource('a.txt', 9);
    const saved = saves.save({ root: ROOT, name: 'one', files: [source] });
    source.give('one');
    await expect.poll(() => only(saves)?.status.state).toBe('saving');
    saves.dismiss(only(saves)?.id ?? '');
    await saved;
    expect(saves.views.get()).toEqual([]);
    expect(listOf(chosen)).toEqual({});
  });

  it('[SV7] shows how far it is, also while it waits for what is still to come', async () => {
    const { saves } = createWorld();
    const source = createSource('a.txt', 9);
    void saves.save({ root: ROOT, name: 'one', files: [source] });
    source.give('one');
    await expect
      .poll(() => only(saves)?.status)
      .toMatchObject({ state: 'saving', bytesDone: 3, bytesTotal: 9 });
  });

  it('[SV7] shows how far the browser’s downloads are, which the bytes are handed on to', async () => {
    const world = createWorld({ dialogs: false });
    const source = createSource('a.txt', 9);
    void world.saves.save({ root: ROOT, name: 'one', files: [source] });
    await expect.poll(() => world.published.length).toBe(1);
    const reader = world.published[0]?.open({ start: 0, end: 9 }).getReader();
    source.give('one');
    const { value } = (await reader?.read()) ?? {};
    structuredClone(value, { transfer: [value?.buffer as ArrayBuffer] });
    await expect.poll(() => only(world.saves)?.status).toMatchObject({ state: 'saving', bytesDone: 3 });
  });

  it('[SV6] tells which names were changed', async () => {
    const { saves, chosen } = createWorld();
    const files = [textSource('a', '1'), textSource('A', '2'), textSource('b/c?', '3')];
    await saves.save({ root: ROOT, name: 'Set', files });
    expect(only(saves)?.renamed).toEqual([
      { from: 'Set/A', to: 'Set/A (2)' },
      { from: 'Set/b/c?', to: 'Set/b/c_' },
    ]);

    const all = files.map(({ path }) => path);
    const part = [textSource('A', '2'), textSource('b/c?', '3')];
    await saves.save({ root: ROOT, name: 'Set', files: part, all });
    expect(only(saves)?.renamed[0]).toEqual({ from: 'Set/A', to: 'Set/A (2)' });
    expect(listOf(chosen)['Set (2)/A (2)']).toBe('2');
  });

  it.each<[string, (disk: Disk) => void, RegExp]>([
    ['a full disk', (disk) => void (disk.room = 0), /disk is full/],
    ['a permission that was withdrawn', (disk) => void (disk.forbidden = true), /no longer lets/],
  ])('[SV7] says what happened and what to do: %s', async (_, spoil, words) => {
    const { saves, disk } = createWorld();
    spoil(disk);
    await saves.save({ root: ROOT, name: 'one', files: [textSource('a', 'one')] });
    expect(only(saves)?.status).toMatchObject({ state: 'failed', message: expect.stringMatching(words) });
    // Once more makes good for it.
    Object.assign(disk, createDisk());
    await saves.save({ root: ROOT, name: 'one', files: [textSource('a', 'one')] });
    expect(only(saves)?.status.state).toBe('saved');
  });

  it('[SV8] remembers over a reload that something was being saved, until it is saved again', async () => {
    const storage = createStorage();
    const { saves } = createWorld({ storage });
    void saves.save({ root: ROOT, name: 'one', files: [createSource('a', 9)] });
    await expect.poll(() => only(saves)?.status.state).toBe('saving');

    const reloaded = createWorld({ storage });
    expect(only(reloaded.saves)).toMatchObject({ root: ROOT, status: { state: 'interrupted' } });
    await reloaded.saves.save({ root: ROOT, name: 'one', files: [textSource('a', 'all of it')] });
    expect(only(reloaded.saves)?.status.state).toBe('saved');
    expect(createWorld({ storage }).saves.views.get()).toEqual([]);
  });
});
