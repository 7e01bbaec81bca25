import { savedPaths, type NewPath } from '@tabswarm/content';
import { utf8 } from '@tabswarm/protocol/bytes';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** One path, segments parted by `/`, as it is saved and why it differs. */
function saved(...path: readonly string[]): [path: string, ...changes: string[]] {
  const [made] = savedPaths([path]) as [NewPath];
  return [made.path.join('/'), ...made.changes];
}

function savedNames(names: readonly string[]): string[] {
  return savedPaths(names.map((name) => [name])).map(({ path }) => path.join('/'));
}

/** What any of the systems takes for the same. */
function folded(path: readonly string[]): string {
  return path.join('/').normalize('NFD').toLowerCase();
}

describe('a name that is saved', () => {
  it.each([
    ['notes.txt'],
    ['.gitignore'],
    ['archive.tar.gz'],
    ['naïve (2) – copy!.TXT'],
    ['קובץ قائمة 🦔'],
    ['context.txt'],
    ['com10.txt'],
    ['link.lnk.txt'],
    ['a'.repeat(240)],
  ])('[CT18] stays as it is where every system takes it: %s', (name) => {
    expect(saved(name)).toEqual([name]);
  });

  it.each([
    ['..', '_'],
    ['.', '_'],
    ['', '_'],
    ['../../etc/passwd', '.__.._etc_passwd'],
    ['/etc/passwd', '_etc_passwd'],
    ['C:\\Windows\\win.ini', 'C__Windows_win.ini'],
    ['a<b>c:d"e|f?g*h~i', 'a_b_c_d_e_f_g_h_i'],
    ['nul\0and\u001f\u007fmore', 'nul_and__more'],
    ['exe.\u202egpj', 'exe._gpj'],
    ['hidden\u200b.txt', 'hidden_.txt'],
    ['half \ud83e of a pair', 'half _ of a pair'],
    ['dot.', 'dot_'],
    ['dots and spaces. . .', 'dots and spaces_'],
    [' first', '_first'],
    ['...three', '._three'],
    ['\ufdd0\uffff', '__'],
  ])('[CT18] is without what some system cannot hold: %j', (name, expected) => {
    expect(saved(name)).toEqual([expected, 'characters']);
  });

  it.each([
    ['CON', '_CON'],
    ['nul.tar.gz', '_nul.tar.gz'],
    ['Com1.txt', '_Com1.txt'],
    ['LPT³', '_LPT³'],
    ['aux .h', '_aux .h'],
    ['desktop.ini', '_desktop.ini'],
    ['Thumbs.db', '_Thumbs.db'],
    ['shortcut.LNK', 'shortcut.LNK_'],
    ['site.url', 'site.url_'],
    ['x.{00021401-0000-0000-C000-000000000046}', 'x.{00021401-0000-0000-C000-000000000046}_'],
  ])('[CT19] is none that Windows has a use of its own for: %s', (name, expected) => {
    expect(saved(name)).toEqual([expected, 'reserved']);
  });

  it('[CT20] is cut to 240 bytes, and keeps its extension', () => {
    expect(saved(`${'x'.repeat(300)}.tar.gz`)).toEqual([`${'x'.repeat(237)}.gz`, 'too-long']);
    expect(saved('x'.repeat(300))).toEqual(['x'.repeat(240), 'too-long']);
    // Two bytes each: no character is cut in two.
    expect(saved(`${'é'.repeat(150)}.jpg`)).toEqual([`${'é'.repeat(118)}.jpg`, 'too-long']);
    expect(saved(`${'🦔'.repeat(75)}.jpg`)[0]).toBe(`${'🦔'.repeat(59)}.jpg`);
    // What looks like an extension and is most of the name is none.
    expect(saved(`a.${'x'.repeat(300)}`)[0]).toBe(`a.${'x'.repeat(238)}`);
    // What shortening leaves is looked at again.
    expect(saved(`${'x'.repeat(239)} ${'y'.repeat(60)}`)).toEqual([
      `${'x'.repeat(239)}_`,
      'too-long',
      'characters',
    ]);
  });
});

describe('names that are saved into one folder', () => {
  it.each([
    ['case', ['Read me.txt', 'READ ME.TXT'], ['Read me.txt', 'READ ME (2).TXT']],
    ['Unicode normalization', ['caf\u00e9', 'cafe\u0301'], ['caf\u00e9', 'cafe\u0301 (2)']],
    ['what was made safe', ['a?b', 'a*b', 'a_b'], ['a_b (2)', 'a_b (3)', 'a_b']],
    ['a number that is taken', ['A', 'a', 'a (2)'], ['A', 'a (3)', 'a (2)']],
    [
      'the end of a long name',
      ['x'.repeat(241), 'x'.repeat(242)],
      ['x'.repeat(240), `${'x'.repeat(236)} (2)`],
    ],
  ])('[CT21] are distinct but for %s', (_, names, expected) => {
    expect(savedNames(names)).toEqual(expected);
  });

  it('[CT21] say why', () => {
    expect(savedPaths([['a'], ['A'], ['a?'], ['A?']]).map(({ changes }) => changes)).toEqual([
      [],
      ['same-name'],
      ['characters'],
      ['characters', 'same-name'],
    ]);
  });

  it('[CT21] are distinct for folders as well, and what is in a folder stays together', () => {
    const paths = [['Set', 'a'], ['set', 'a'], ['Set', 'b'], ['SET'], ['set', 'c']];
    expect(savedPaths(paths).map(({ path }) => path.join('/'))).toEqual([
      'Set/a',
      'set (2)/a',
      'Set/b',
      'SET (3)',
      'set (2)/c',
    ]);
  });

  it('[CT21] are found quickly, however many are alike', () => {
    const many = savedNames(Array.from({ length: 5_000 }, () => 'same.txt'));
    expect(new Set(many).size).toBe(5_000);
    expect(many.at(-1)).toBe('same (5000).txt');
  });
});

describe('a path that is saved', () => {
  it('[CT20] has at most 800 bytes, and as many folders as before', () => {
    const deep = Array.from({ length: 32 }, (_, i) => `${i}${'folder'.repeat(25)}`);
    const [made] = savedPaths([
      [...deep.slice(0, -1), 'a'.repeat(250)],
      [deep[0] as string, 'b'],
    ]) as [NewPath];
    expect(made.path.length).toBe(32);
    expect(utf8(made.path.join('/')).byteLength).toBeLessThanOrEqual(800);
    expect(made.changes).toEqual(['too-long']);
  });

  it('[CT20] in the same folder as another is in the same folder', () => {
    const folder = 'f'.repeat(238);
    const deep = Array.from({ length: 30 }, () => 'inner');
    const [a, b] = savedPaths([
      [folder, 'a'],
      [folder, ...deep, 'b'],
    ]) as [NewPath, NewPath];
    expect(a.path[0]).toBe(b.path[0]);
  });
});

const segment = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom('a', 'A', '.', ' ', '~', 'é', 'e\u0301', '🦔', '\u202e', '/', '\ud800'),
    maxLength: 8,
  }),
  fc.constantFrom('con', 'CON.txt', 'nul', '..', '', 'desktop.ini', 'a', 'A', 'a (2)', 'x.lnk', '._.'),
  fc.string({ unit: fc.constantFrom('x', '界', '.', ' '), minLength: 200, maxLength: 320 }),
);
const trees = fc.array(fc.array(segment, { minLength: 1, maxLength: 5 }), { maxLength: 30 });

describe('any paths', () => {
  const systems = /^(?!\.{1,2}$)[^\p{Cc}\p{Cf}"*/:<>?\\|~]{1,240}$/u;
  const windows = /^(?!(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$))/i;

  it('[CT18] [CT19] [CT20] are made such that every system can hold them, inside the folder that was chosen', () => {
    fc.assert(
      fc.property(trees, (paths) => {
        for (const { path } of savedPaths(paths)) {
          expect(path.length).toBeGreaterThan(0);
          expect(utf8(path.join('/')).byteLength).toBeLessThanOrEqual(800);
          for (const name of path) {
            expect(name).toMatch(systems);
            expect(name).toMatch(windows);
            expect(name).toBe(name.trim());
            expect(name.endsWith('.')).toBe(false);
            expect(utf8(name).byteLength).toBeLessThanOrEqual(240);
          }
        }
      }),
    );
  });

  it('[CT21] are saved at places of their own', () => {
    fc.assert(
      fc.property(trees, (paths) => {
        const made = savedPaths(paths);
        expect(made.length).toBe(paths.length);
        expect(new Set(made.map(({ path }) => folded(path))).size).toBe(paths.length);
        expect(made.map(({ path }) => path.length)).toEqual(paths.map(({ length }) => length));
      }),
    );
  });

  it('[CT22] that were made so stay as they are, and say of each other one that it was changed', () => {
    fc.assert(
      fc.property(trees, (paths) => {
        const made = savedPaths(paths);
        const again = savedPaths(made.map(({ path }) => path));
        expect(again).toEqual(made.map(({ path }) => ({ path, changes: [] })));
        for (const [i, { path, changes }] of made.entries()) {
          expect(changes.length > 0).toBe(path.join('/') !== paths[i]?.join('/'));
        }
      }),
    );
  });
});
