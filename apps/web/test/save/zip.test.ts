import { describe, expect, it } from 'vitest';
import type { SourceFile } from '../../src/save/source.ts';
import { zipOf } from '../../src/save/zip.ts';
import { createSource, textSource } from './sources.ts';

const KIB = 1024;
const GIB = 1024 * KIB * KIB;
const endless = new AbortController().signal;

async function bytesOf(file: SourceFile): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(file.open({ signal: endless })).arrayBuffer());
}

/** A stand-in that is only asked for its length. */
function sized(path: string, length: number): SourceFile {
  return { ...textSource(path, ''), length };
}

describe('several files as one ZIP', () => {
  it('[SV5] has the length that is told before, and the files with their folders, uncompressed', async () => {
    const files = [textSource('b/c.txt', 'three'), textSource('empty', ''), textSource('a?b', 'ü')];
    const zip = zipOf({ name: 'Set', files });
    expect(zip.path).toEqual(['Set.zip']);
    const bytes = await bytesOf(zip);
    expect(bytes.byteLength).toBe(zip.length);
    expect(entriesOf(bytes)).toEqual([
      { name: 'Set/b/c.txt', method: 0, size: 5 },
      { name: 'Set/empty', method: 0, size: 0 },
      { name: 'Set/a_b', method: 0, size: 2 },
    ]);
    expect(new TextDecoder('latin1').decode(bytes)).toContain('three');
  });

  it('[SV6] calls a file as it is called among all of the share', async () => {
    const all = [['a'], ['A'], ['b']];
    const zip = zipOf({ name: 'Set', files: [textSource('b', '1'), textSource('A', '2')], all });
    expect(entriesOf(await bytesOf(zip)).map(({ name }) => name)).toEqual(['Set/b', 'Set/A (2)']);
  });

  it('[SV5] is counted in 64 bits where it is larger than 4 GiB, or has more than 65,535 files', () => {
    const small = zipOf({ name: 's', files: [sized('a', 10)] }).length;
    expect(zipOf({ name: 's', files: [sized('a', 5 * GIB)] }).length - 5 * GIB).toBeGreaterThan(small - 10);
    const many = Array.from({ length: 70_000 }, (_, i) => sized(`${i}`, 0));
    expect(zipOf({ name: 's', files: many }).length).toBeGreaterThan(70_000 * 100);
  });

  it('[SV2] opens each file when its turn comes, and leaves off when nobody takes it', async () => {
    const [first, second] = [createSource('a', 6), createSource('b', 6)];
    const reader = zipOf({ name: 'Set', files: [first, second] })
      .open({ signal: endless })
      .getReader();
    await reader.read();
    first.give('one');
    await reader.read();
    expect(second.state.opened).toBe(0);
    await reader.cancel();
    expect(first.state.left).toBe(true);
    expect(second.state.opened).toBe(0);
  });

  it('[SV3] breaks off where a file cannot be read', async () => {
    const source = createSource('a', 6);
    const bytes = bytesOf(zipOf({ name: 'Set', files: [source] }));
    source.give('one');
    source.fail(new Error('gone'));
    await expect(bytes).rejects.toThrow();
  });
});

/** The central directory of a small ZIP. */
function entriesOf(bytes: Uint8Array<ArrayBuffer>): { name: string; method: number; size: number }[] {
  const view = new DataView(bytes.buffer);
  const end = bytes.byteLength - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const entries = [];
  let at = view.getUint32(end + 16, true);
  for (let i = 0; i < view.getUint16(end + 10, true); i += 1) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    entries.push({ name, method: view.getUint16(at + 10, true), size: view.getUint32(at + 24, true) });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}
