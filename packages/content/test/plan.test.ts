import {
  decodeManifest,
  MAX_FILES,
  MetainfoError,
  parseInfo,
  encodeInfo,
  planShare,
  type SharePlan,
} from '@tabswarm/content';
import { describe, expect, it } from 'vitest';

const entry = (path: string, length = 10): { path: string[]; length: number; type: string } => ({
  path: path.split('/'),
  length,
  type: 'text/plain',
});
const open = (paths: readonly string[], name?: string): SharePlan =>
  planShare(
    paths.map((path) => entry(path)),
    { sealed: false, name },
  );
const pathsOf = (plan: SharePlan): string[] => plan.files.map(({ path }) => path.join('/'));

describe('planning a public share', () => {
  it.each([
    ['a file’s own name', ['a.txt'], 'a.txt', ['a.txt']],
    ['the folder that holds all', ['set/b/c', 'set/a'], 'set', ['a', 'b/c']],
    [
      'the first of several, and how many more',
      ['z.txt', 'a.txt', 'm/x', 'm/y'],
      'z.txt and 2 more',
      ['a.txt', 'm/x', 'm/y', 'z.txt'],
    ],
    ['the folder of a lone file', ['set/a'], 'set', ['a']],
    ['the folder of a lone file of the same name, which keeps its folder', ['x/x'], 'x', ['x/x']],
  ])('[CT15] takes %s for its name', (_, given, name, paths) => {
    const plan = open(given);
    expect(plan.name).toBe(name);
    expect(plan.displayName).toBe(name);
    expect(pathsOf(plan)).toEqual(paths);
    expect(plan.files.map((file) => given[file.entry ?? -1]?.endsWith(file.path.join('/')))).not.toContain(
      false,
    );
  });

  it('[CT15] takes the name it is given', () => {
    expect(open(['a.txt'], ' Holiday ').name).toBe('Holiday');
    expect(open(['a.txt'], '  ').name).toBe('a.txt');
    expect(pathsOf(open(['set/a', 'set/b'], 'Holiday'))).toEqual(['a', 'b']);
  });

  it('[CT15] keeps a long name within 255 bytes', () => {
    const long = 'é'.repeat(127);
    expect(open([long, 'b']).name).toBe(`${'é'.repeat(122)} and 1 more`);
  });

  it('[CT6] makes unsafe names safe, so that others take the share', () => {
    const plan = planShare(
      [
        { path: ['..', 'a\\b', 'c\u202e\0'], length: 0, type: '' },
        { path: ['x', '', '\ud800'], length: 0, type: '' },
      ],
      { sealed: false },
    );
    expect(pathsOf(plan)).toEqual(['_/a_b/c__', 'x/_/_']);
    const files = plan.files.map(({ path, length }) => ({ path, length }));
    expect(parseInfo(encodeInfo({ ...plan, files })).files).toHaveLength(2);
  });

  it('[CT6] cuts a long name before its extension', () => {
    expect(pathsOf(open([`${'x'.repeat(300)}.jpg`]))).toEqual([`${'x'.repeat(251)}.jpg`]);
  });

  it('[CT6] gives files that would be at one place places of their own', () => {
    expect(open(['a_b', 'a\\b', 'a\\b']).files.map(({ path, entry }) => [path[0], entry])).toEqual([
      ['a_b', 0],
      ['a_b (2)', 1],
      ['a_b (3)', 2],
    ]);
    expect(pathsOf(open(['a.txt', 'a.txt', 'A.txt']))).toEqual(['A.txt', 'a (2).txt', 'a.txt']);
    expect(pathsOf(open(['a', 'a/b', 'c']))).toEqual(['a/b', 'a (2)', 'c']);
    expect(pathsOf(open(['x/a\\b/c', 'x/a_b/c', 'x/a_b/d']))).toEqual(['a_b/c', 'a_b/d', 'a_b (2)/c']);
    const long = 'x'.repeat(300);
    expect(pathsOf(open([`${long}1`, `${long}2`]))).toEqual([`${'x'.repeat(251)} (2)`, 'x'.repeat(255)]);
  });

  it('[CT7] refuses no file at all, and too many', () => {
    expect(() => open([])).toThrow(MetainfoError);
    expect(() => open(Array.from({ length: MAX_FILES }, (_, i) => String(i)))).toThrow(MetainfoError);
    expect(() => planShare([{ path: [], length: 0, type: '' }], { sealed: false })).toThrow(MetainfoError);
    expect(() => planShare([entry('a', 2 ** 47)], { sealed: false })).toThrow(MetainfoError);
  });

  it('[CT5] makes no share of more blocks than others take', () => {
    const full = 122_880 * 2 ** 26;
    expect(planShare([entry('a', full)], { sealed: false }).pieceLength).toBe(2 ** 26);
    const over = { name: 'MetainfoError', code: 'too-large' };
    expect(() => planShare([entry('a', full + 1)], { sealed: false })).toThrow(expect.objectContaining(over));
    // The manifest has a block too.
    expect(() => planShare([entry('a', full)], { sealed: true })).toThrow(expect.objectContaining(over));
    // Each file begins a block of its own.
    const many = Array.from({ length: MAX_FILES - 1 }, (_, i) => entry(`${i}`, 2 ** 17));
    expect(planShare(many, { sealed: true }).pieceLength).toBe(2 ** 19);
  });

  it('[CT4] sizes the blocks by the sum of the files', () => {
    expect(planShare([entry('a', 2 ** 33), entry('b', 1)], { sealed: false }).pieceLength).toBe(1024 * 1024);
  });
});

describe('planning a private share', () => {
  it('[CT12] names nothing outside the manifest', () => {
    const plan = planShare([entry('set/b'), entry('set/a', 0)], { sealed: true });
    expect(plan.name).toBe('sealed');
    expect(plan.displayName).toBe('set');
    expect(pathsOf(plan)).toEqual(['00000000', '00000001', '00000002']);
    expect(plan.files.map((file) => file.entry)).toEqual([undefined, 1, 0]);
    expect(plan.files.map((file) => file.length)).toEqual([1024, 0, 10]);
    const manifest = decodeManifest(plan.manifest ?? new Uint8Array(), 2);
    expect(manifest.name).toBe('set');
    expect(manifest.files.map(({ path }) => path)).toEqual([['a'], ['b']]);
  });

  it('[CT13] refuses files of which no manifest could tell', () => {
    const over = expect.objectContaining({ name: 'MetainfoError', code: 'too-large' });
    const deep = Array.from({ length: 14_000 }, (_, i) => entry(`${i}/${'a/'.repeat(29)}b`));
    expect(() => planShare(deep, { sealed: true })).toThrow(over);
    const wordy = Array.from({ length: 40_000 }, (_, i) =>
      entry(`${i}${'x'.repeat(240)}/${'y'.repeat(240)}`),
    );
    expect(() => planShare(wordy, { sealed: true })).toThrow(over);
  });
});
