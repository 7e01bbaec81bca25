import { systemRandom } from '@tabswarm/base';
import { describe, expect, it } from 'vitest';
import type { FileSet } from '../../src/save/places.ts';
import { SourceError, type SourceFile } from '../../src/save/source.ts';
import { writeFile } from '../../src/save/write-file.ts';
import { writeFolder } from '../../src/save/write-folder.ts';
import {
  createDisk,
  emptyFolder,
  fileHandle,
  folderHandle,
  listOf,
  type FakeFile,
  type FakeFolder,
} from './fake-folder.ts';
import { createLocks } from './fake-locks.ts';
import { createSource, textSource } from './sources.ts';

const MARKER = 'NOT COMPLETE (Tabswarm).txt';
const ROOT = 'ab'.repeat(32);
const locks = createLocks();
const endless = new AbortController().signal;

const ignore = (): void => undefined;

function folderOptions({
  signal = endless,
  onBytes = ignore,
}: { readonly signal?: AbortSignal; readonly onBytes?: (count: number) => void } = {}) {
  return { id: ROOT, locks, random: systemRandom, signal, onBytes, onFile: ignore };
}

function setOf(...files: SourceFile[]): FileSet {
  return { name: 'Set', files };
}

function fileWith(text: string): FakeFile {
  return { kind: 'file', bytes: new TextEncoder().encode(text) };
}

function fileIn(top: FakeFolder, folder: string, name: string): FakeFile {
  return (top.entries.get(folder) as FakeFolder).entries.get(name) as FakeFile;
}

/** A file that is all there, and can be read more than once. */
function inParts(path: string, ...parts: readonly string[]): SourceFile {
  const bytes = parts.map((part) => new TextEncoder().encode(part));
  return {
    path: [path],
    length: bytes.reduce((sum, { byteLength }) => sum + byteLength, 0),
    type: '',
    open: () =>
      new ReadableStream({
        start(controller) {
          for (const part of bytes) controller.enqueue(part);
          controller.close();
        },
      }),
  };
}

describe('saving a file', () => {
  it('[SV2] [SV3] writes each part as it comes, and shows it under its name when it is whole', async () => {
    const source = createSource('a.txt', 6);
    const file = fileWith('before');
    const counts: number[] = [];
    const saved = writeFile(fileHandle(file, 'a.txt', createDisk()), source, {
      signal: endless,
      onBytes: (count) => counts.push(count),
    });
    source.give('one');
    await expect.poll(() => counts).toEqual([3]);
    expect(new TextDecoder().decode(file.bytes)).toBe('before');
    source.give('two');
    source.end();
    await saved;
    expect(new TextDecoder().decode(file.bytes)).toBe('onetwo');
  });

  it.each<
    [
      string,
      string,
      (parts: {
        disk: ReturnType<typeof createDisk>;
        over: AbortController;
        fail: (cause: Error) => void;
      }) => void,
    ]
  >([
    ['the disk is full', 'QuotaExceededError', ({ disk }) => void (disk.room = 0)],
    ['it may no longer be written to', 'NotAllowedError', ({ disk }) => void (disk.forbidden = true)],
    ['the person stops it', 'AbortError', ({ over }) => over.abort()],
    ['the share goes away', 'SourceError', ({ fail }) => fail(new Error('removed'))],
  ])('[SV3] leaves nothing behind where %s', async (_, name, spoil) => {
    const source = createSource('a.txt', 9);
    const disk = createDisk();
    const over = new AbortController();
    const folder = emptyFolder();
    const handle = await folderHandle(folder, 'chosen', disk).getFileHandle('a.txt', { create: true });
    let done = 0;
    const saved = writeFile(handle, source, {
      signal: over.signal,
      onBytes: (count) => void (done += count),
    });
    saved.catch(() => undefined);
    source.give('one');
    await expect.poll(() => done).toBe(3);
    spoil({ disk, over, fail: source.fail });
    if (name === 'QuotaExceededError' || name === 'NotAllowedError') source.give('two');
    await expect(saved).rejects.toMatchObject({ name });
    expect(listOf(folder)).toEqual({});
    expect(disk.open).toBe(0);
    if (name !== 'SourceError') expect(source.state.left).toBe(true);
  });

  it('[SV3] does not take a file that ends too early for a whole one, and what was there before stays', async () => {
    const source = createSource('a.txt', 9);
    source.give('short');
    source.end();
    const file = fileWith('before');
    const saved = writeFile(fileHandle(file, 'a.txt', createDisk()), source, {
      signal: endless,
      onBytes: ignore,
    });
    await expect(saved).rejects.toBeInstanceOf(SourceError);
    expect(new TextDecoder().decode(file.bytes)).toBe('before');
  });
});

describe('saving a folder', () => {
  it('[SV4] makes one of its own, with structure and empty files, and its names safe', async () => {
    const chosen = emptyFolder();
    const files = [
      textSource('b/c.txt', 'three'),
      textSource('b/empty', ''),
      textSource('CON', 'device'),
      textSource('B/c.txt', 'other case'),
    ];
    const name = await writeFolder(
      folderHandle(chosen, 'chosen', createDisk()),
      setOf(...files),
      folderOptions(),
    );
    expect(name).toBe('Set');
    expect(listOf(chosen)).toEqual({
      'Set/b/c.txt': 'three',
      'Set/b/empty': '',
      'Set/_CON': 'device',
      'Set/B (2)/c.txt': 'other case',
    });
  });

  it('[SV4] touches nothing that is there', async () => {
    const chosen = emptyFolder();
    const handle = folderHandle(chosen, 'chosen', createDisk());
    await writeFolder(handle, setOf(textSource('a', 'mine')), folderOptions());
    await handle.getFileHandle('Set (2)', { create: true });
    expect(await writeFolder(handle, setOf(textSource('a', 'new')), folderOptions())).toBe('Set (3)');
    expect(listOf(chosen)).toEqual({ 'Set/a': 'mine', 'Set (2)': '', 'Set (3)/a': 'new' });
  });

  it('[SV4] is marked until it is whole, and goes on where it was interrupted', async () => {
    const chosen = emptyFolder();
    const handle = folderHandle(chosen, 'chosen', createDisk());
    const over = new AbortController();
    const slow = createSource('slow', 8);
    const first = writeFolder(
      handle,
      setOf(textSource('a', 'done'), slow),
      folderOptions({ signal: over.signal }),
    );
    first.catch(() => undefined);
    slow.give('half');
    await expect.poll(() => listOf(chosen)['Set/a']).toBe('done');
    expect(listOf(chosen)[`Set/${MARKER}`]).toContain(ROOT);
    over.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    expect(Object.keys(listOf(chosen)).toSorted()).toEqual([`Set/${MARKER}`, 'Set/a']);

    // Another share of the same name has nothing to do with it.
    const other = { ...folderOptions(), id: 'cd'.repeat(32) };
    expect(await writeFolder(handle, setOf(textSource('a', 'else')), other)).toBe('Set (2)');

    const before = fileIn(chosen, 'Set', 'a').bytes;
    let bytes = 0;
    const options = folderOptions({ onBytes: (count) => void (bytes += count) });
    const again = setOf(textSource('a', 'done'), textSource('slow', 'halfhalf'));
    expect(await writeFolder(handle, again, options)).toBe('Set');
    // It was not written again.
    expect(fileIn(chosen, 'Set', 'a').bytes).toBe(before);
    expect(bytes).toBe(12);
    expect(listOf(chosen)).toEqual({ 'Set/a': 'done', 'Set/slow': 'halfhalf', 'Set (2)/a': 'else' });
  });

  it('[SV4] takes no other file of the same length for one that it has written', async () => {
    const chosen = emptyFolder();
    const handle = folderHandle(chosen, 'chosen', createDisk());
    const over = new AbortController();
    const options = folderOptions({ signal: over.signal });
    const first = writeFolder(handle, setOf(textSource('a', 'done'), createSource('slow', 4)), options);
    first.catch(() => undefined);
    await expect.poll(() => listOf(chosen)['Set/a']).toBe('done');
    over.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    fileIn(chosen, 'Set', 'a').bytes = new TextEncoder().encode('dome');

    let bytes = 0;
    const again = setOf(inParts('a', 'do', 'ne'), textSource('slow', 'slow'));
    await writeFolder(handle, again, folderOptions({ onBytes: (count) => void (bytes += count) }));
    expect(bytes).toBe(8);
    expect(listOf(chosen)).toEqual({ 'Set/a': 'done', 'Set/slow': 'slow' });
  });

  it('[SV6] goes on under the same names where only a part is saved, and takes no file for another', async () => {
    const chosen = emptyFolder();
    const handle = folderHandle(chosen, 'chosen', createDisk());
    const over = new AbortController();
    const all = ['x?', 'x*', 'y', 'z'].map((path) => [path]);
    const files = [textSource('x?', 'one'), createSource('x*', 3), createSource('y', 5)];
    const options = folderOptions({ signal: over.signal });
    const first = writeFolder(handle, { ...setOf(...files), all }, options);
    first.catch(() => undefined);
    await expect.poll(() => listOf(chosen)['Set/x_']).toBe('one');
    over.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });

    const part = setOf(textSource('x*', 'two'), textSource('z', 'rest'));
    expect(await writeFolder(handle, { ...part, all }, folderOptions())).toBe('Set');
    expect(listOf(chosen)).toEqual({ 'Set/x_': 'one', 'Set/x_ (2)': 'two', 'Set/z': 'rest' });
  });

  it('[SV4] goes into a folder of its own while the share is still being saved into the other', async () => {
    const chosen = emptyFolder();
    const handle = folderHandle(chosen, 'chosen', createDisk());
    const slow = createSource('a', 4);
    const first = writeFolder(handle, setOf(slow, textSource('b', 'b')), folderOptions());
    const second = writeFolder(handle, setOf(textSource('b', 'b')), folderOptions());
    expect(await second).toBe('Set (2)');
    expect(listOf(chosen)[`Set/${MARKER}`]).toContain(ROOT);
    slow.give('slow');
    slow.end();
    expect(await first).toBe('Set');
    expect(listOf(chosen)).toEqual({ 'Set/a': 'slow', 'Set/b': 'b', 'Set (2)/b': 'b' });
  });

  it('[SV4] is saved also where somebody took the marker away', async () => {
    const chosen = emptyFolder();
    const handle = folderHandle(chosen, 'chosen', createDisk());
    const slow = createSource('a', 4);
    const saved = writeFolder(handle, setOf(slow, textSource('b', 'b')), folderOptions());
    await expect.poll(() => listOf(chosen)['Set/b']).toBe('b');
    await (await handle.getDirectoryHandle('Set')).removeEntry(MARKER);
    slow.give('slow');
    slow.end();
    expect(await saved).toBe('Set');
  });

  it('[SV4] writes several small files at once, and stops all where one cannot be written', async () => {
    const chosen = emptyFolder();
    const disk = createDisk();
    const handle = folderHandle(chosen, 'chosen', disk);
    const many = Array.from({ length: 300 }, (_, i) => textSource(`f${i}`, `text ${i}`));
    await writeFolder(handle, setOf(...many), folderOptions());
    expect(Object.keys(listOf(chosen)).length).toBe(300);
    expect(disk.mostOpen).toBe(8);

    disk.room = 1_000;
    const more = Array.from({ length: 300 }, (_, i) => textSource(`f${i}`, 'x'.repeat(100)));
    await expect(writeFolder(handle, setOf(...more), folderOptions())).rejects.toMatchObject({
      name: 'QuotaExceededError',
    });
    expect(disk.open).toBe(0);
    expect(more.filter(({ state }) => state.opened > 0).length).toBeLessThan(30);
    const left = listOf(chosen);
    expect(left[`Set (2)/${MARKER}`]).toContain(ROOT);
    // No file is there but whole ones.
    for (const [path, text] of Object.entries(left)) {
      if (path.startsWith('Set (2)/f')) expect(text).toBe('x'.repeat(100));
    }
  });
});
