import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'vite';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../lib/root.mjs';

const RULE = /^- \*\*([A-Z]+\d+)\*\*/gm;
const PINNED = /\[([A-Z]+\d+)\]/g;
const TITLED = new Set(['describe', 'it', 'test']);
/** Contract suites are tests that stand among the sources, since other packages run them too. */
const TESTS = /(\/test\/.*|\/contract[\w-]*|\.spec)\.ts$/;

function rules() {
  return ids(readFileSync(join(ROOT, 'packages/protocol/SPEC.md'), 'utf8'), RULE);
}

function pinned() {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const tests = files.split('\n').filter((file) => TESTS.test(file));
  return tests.flatMap((file) => idsInTitles(file, readFileSync(join(ROOT, file), 'utf8')));
}

/** Ids in comments, helpers and expected values pin nothing: only those in the title of a test or a group of tests do. */
function idsInTitles(file, source) {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors[0].message}`);
  return titles(program).flatMap((title) => ids(title, PINNED));
}

function titles(node) {
  if (node === null || typeof node !== 'object') return [];
  const [title] = node.type === 'CallExpression' && TITLED.has(calledName(node.callee)) ? node.arguments : [];
  return [...textOf(title), ...Object.values(node).flatMap(titles)];
}

/** `it` of `it(...)`, `it.skip(...)`, `it.each(...)(...)` and it.each`...`(...). */
function calledName(callee) {
  if (callee.type === 'Identifier') return callee.name;
  const inner = callee.object ?? callee.callee ?? callee.tag;
  return inner && calledName(inner);
}

function textOf(title) {
  if (title?.type === 'Literal' && typeof title.value === 'string') return [title.value];
  return title?.type === 'TemplateLiteral' ? title.quasis.map(({ value }) => value.cooked) : [];
}

function ids(text, pattern) {
  return [...text.matchAll(pattern)].map(([, id]) => id);
}

describe('the rules of SPEC.md', () => {
  it('are each named once', () => {
    const named = rules();
    expect(named.length).toBeGreaterThan(50);
    expect(new Set(named).size).toBe(named.length);
  });

  it.each([
    ["it('[AB1] x', f)", ['AB1']],
    ["describe.skip('[AB1] x', () => { test(`[AB2] ${y} [AB3]`, f); });", ['AB1', 'AB2', 'AB3']],
    ["it.each<[string]>([['[AB1]']])('[AB2] %s', f)", ['AB2']],
    ["it.each`a\n${1}`('[AB1] $a', f)", ['AB1']],
    ["// [AB1]\nconst x = '[AB2]'; expect('[AB3]'); it('x', () => '[AB4]')", []],
  ])('are found in the titles of %s', (source, found) => {
    expect(idsInTitles('x.test.ts', source)).toEqual(found);
  });

  it('are each pinned by a test with their id, and no test names a rule that is not there', () => {
    const [named, tested] = [new Set(rules()), new Set(pinned())];
    expect([...named].filter((id) => !tested.has(id))).toEqual([]);
    expect([...tested].filter((id) => !named.has(id))).toEqual([]);
  });
});
