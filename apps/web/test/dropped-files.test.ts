import { describe, expect, it } from 'vitest';
import { droppedFiles } from '../src/dropped-files.ts';

/** As many as Chromium gives at a time. */
const BATCH = 100;

type Tree = { readonly [name: string]: Tree | string };

function entryOf(name: string, content: Tree | string): FileSystemEntry {
  if (typeof content === 'string') {
    const file = (resolve: (file: File) => void): void => resolve(new File([content], name));
    return { name, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry;
  }
  const createReader = (): object => {
    const left = Object.entries(content).map(([child, inner]) => entryOf(child, inner));
    return {
      readEntries: (resolve: (entries: FileSystemEntry[]) => void) => resolve(left.splice(0, BATCH)),
    };
  };
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

function dropOf(tree: Tree): DataTransfer {
  const items = Object.entries(tree).map(([name, content]) => ({
    webkitGetAsEntry: () => entryOf(name, content),
  }));
  return { items, files: [] } as unknown as DataTransfer;
}

async function contentsOf(tree: Tree): Promise<Record<string, string>> {
  const files = await droppedFiles(dropOf(tree));
  const texts = await Promise.all(
    files.map(async ({ path, file }) => [path.join('/'), await file.text()] as const),
  );
  return Object.fromEntries(texts);
}

describe('dropped folders', () => {
  it('come with all that is in them, nested and empty files included', async () => {
    const tree = { Journey: { 'notes.txt': 'n', 'day 1': { late: { 'night.txt': '' } } }, 'loose.txt': 'l' };
    expect(await contentsOf(tree)).toEqual({
      'Journey/notes.txt': 'n',
      'Journey/day 1/late/night.txt': '',
      'loose.txt': 'l',
    });
  });

  it('come whole, though the browser lists them in batches', async () => {
    const many = Object.fromEntries(Array.from({ length: 2_345 }, (_, i) => [`${i}.txt`, String(i)]));
    const found = await contentsOf({ Many: { inner: many } });
    expect(Object.keys(found).length).toBe(2_345);
    expect(found['Many/inner/2344.txt']).toBe('2344');
  });
});
