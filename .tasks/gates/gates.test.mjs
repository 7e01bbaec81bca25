/*
 * A gate that lets everything through looks exactly like a code base without faults. So each one is shown a deliberate
 * violation here, in a folder of its own, with the settings of the repository.
 */
import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkArrows } from '../lib/arrows.mjs';
import { playwrightCounts, settle, vitestCounts } from '../lib/counts.mjs';
import { checkNodeVersion } from '../lib/node-version.mjs';
import { ROOT } from '../lib/root.mjs';
import { runNode, TOOLS } from '../lib/run.mjs';

async function folderWith(files) {
  // Some tools compare real paths, and the temporary folder of macOS is a link.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tabswarm-gate-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function lint(source) {
  const cwd = await folderWith({
    'source.ts': source,
    'tsconfig.json': '{"compilerOptions":{"strict":true}}',
  });
  await copyFile(join(ROOT, '.oxlintrc.json'), join(cwd, '.oxlintrc.json'));
  // The half of it that knows types is looked for from where it is run, which is not in the repository here.
  const env = { OXLINT_TSGOLINT_PATH: join(ROOT, 'node_modules', '.bin', 'tsgolint') };
  return runNode(TOOLS.oxlint, ['--type-aware', '--deny-warnings'], { cwd, env, capture: true });
}

/** A workspace with one package. */
const workspace = (manifest) => ({
  'package.json': JSON.stringify({ name: 'tabswarm', private: true, workspaces: ['packages/*'] }),
  'pnpm-workspace.yaml': 'packages:\n  - packages/*\n',
  'packages/base/package.json': JSON.stringify({
    name: '@tabswarm/base',
    type: 'module',
    exports: { '.': './src/index.ts' },
    ...manifest,
  }),
});

const arrowsIn = async (files) =>
  checkArrows({ cwd: await folderWith(files), folders: ['packages'], minModules: 1 });

const reportWith = async (content) =>
  join(await folderWith({ 'report.json': JSON.stringify(content) }), 'report.json');

const storyThat = (title, status, results = []) => ({ title, tests: [{ status, results }] });

describe('format', () => {
  it.each([
    { source: "export const a = 'a';\n", code: 0 },
    { source: 'export const a = "a"\n', code: 1 },
  ])('ends with $code on $source', async ({ source, code }) => {
    const cwd = await folderWith({ 'source.ts': source });
    await copyFile(join(ROOT, '.oxfmtrc.json'), join(cwd, '.oxfmtrc.json'));
    expect((await runNode(TOOLS.oxfmt, ['--check', '.'], { cwd, capture: true })).code).toBe(code);
  });
});

describe('lint', () => {
  it('passes what is right', async () => {
    const { code, output } = await lint('export const a = 1;\n');
    expect(output).toContain('0 errors');
    expect(code).toBe(0);
  });

  it.each([
    {
      rule: 'no-floating-promises',
      source: 'export function a(): void {\n  Promise.resolve(fetch("a"));\n}\n',
    },
    { rule: 'no-explicit-any', source: 'export const a = (b: any): string => String(b);\n' },
    { rule: 'no-non-null-assertion', source: 'export const a = (b?: string): string => b!;\n' },
    { rule: 'no-empty', source: 'export function a(): void {\n  try {\n    a();\n  } catch {}\n}\n' },
  ])('fails on $rule', async ({ rule, source }) => {
    const { code, output } = await lint(source);
    expect(output).toContain(rule);
    expect(code).not.toBe(0);
  });
});

describe('types', () => {
  it.each([
    { source: 'export const a: number = [1][0] ?? 0;\n', code: 0 },
    { source: 'export const a: number = [1][0];\n', code: 1 },
  ])('ends with $code on $source', async ({ source, code }) => {
    const cwd = await folderWith({
      'source.ts': source,
      'tsconfig.json': JSON.stringify({ extends: join(ROOT, 'tsconfig.base.json'), include: ['source.ts'] }),
    });
    const result = await runNode(TOOLS.tsc, ['--noEmit'], { cwd, capture: true });
    expect(Math.min(1, result.code)).toBe(code);
  });
});

describe('unused', () => {
  it('fails on a file, an export and a dependency that nothing uses', async () => {
    const cwd = await folderWith({
      ...workspace({ dependencies: { 'left-over': '1.0.0' } }),
      'packages/base/src/index.ts': "import { used } from './used.ts';\nused();\n",
      'packages/base/src/used.ts': 'export function used() {}\nexport function unusedExport() {}\n',
      'packages/base/src/unused-file.ts': 'export const a = 1;\n',
    });
    await copyFile(join(ROOT, '.knip.jsonc'), join(cwd, '.knip.jsonc'));
    const { code, output } = await runNode(TOOLS.knip, [], { cwd, capture: true });
    for (const fault of ['unused-file.ts', 'unusedExport', 'left-over']) expect(output).toContain(fault);
    expect(code).not.toBe(0);
  });
});

describe('arrows', () => {
  it('passes what keeps to them', async () => {
    const { ok, modules } = await arrowsIn({
      'packages/base/src/index.ts': "export * from './a.ts';\n",
      'packages/base/src/a.ts': 'export const a = 1;\n',
    });
    expect({ ok, modules }).toEqual({ ok: true, modules: 2 });
  });

  it.each([
    {
      rule: 'level-0-base',
      files: {
        'packages/base/src/index.ts': "export { node } from '../../node/src/index.ts';\n",
        'packages/node/src/index.ts': 'export const node = 1;\n',
      },
    },
    {
      rule: 'level-1-content',
      what: 'a sibling of the same level, for its type only',
      files: {
        'packages/content/src/index.ts':
          "import type { Net } from '../../net/src/index.ts';\nexport type N = Net;\n",
        'packages/net/src/index.ts': 'export type Net = 1;\n',
      },
    },
    {
      rule: 'through-the-front-door',
      files: {
        'packages/node/src/index.ts': "export { a } from '../../base/src/index.ts';\n",
        'packages/base/src/index.ts': 'export const a = 1;\n',
      },
    },
    {
      rule: 'react-on-the-screen-only',
      files: {
        'packages/node/src/index.ts': "import 'react';\n",
        'node_modules/react/package.json': '{"name":"react","main":"index.js"}',
        'node_modules/react/index.js': '',
      },
    },
    {
      rule: 'no-cycles',
      files: {
        'packages/base/src/index.ts': "export * from './a.ts';\nexport const b = 1;\n",
        'packages/base/src/a.ts': "import { b } from './index.ts';\nexport const a = b;\n",
      },
    },
    {
      rule: 'resolvable',
      files: { 'packages/node/src/index.ts': "import '@tabswarm/base/src/clock.ts';\n" },
    },
    {
      rule: 'known-packages-only',
      files: {
        'packages/elsewhere/src/index.ts': "import './a.ts';\n",
        'packages/elsewhere/src/a.ts': 'export const a = 1;\n',
      },
    },
  ])('fails on $rule', async ({ rule, files }) => {
    const { ok, problems } = await arrowsIn(files);
    expect(problems.join('\n')).toContain(`${rule}: packages/`);
    expect(ok).toBe(false);
  });

  it('fails when it saw hardly any module', async () => {
    const cwd = await folderWith({ 'packages/base/src/index.ts': 'export const a = 1;\n' });
    const { ok, problems } = await checkArrows({ cwd, folders: ['packages'] });
    expect(problems).toEqual([expect.stringContaining('only 1 modules were seen')]);
    expect(ok).toBe(false);
  });
});

describe('what the last lines say', () => {
  it('takes a skipped test, and a file that could not be loaded, for a failure, and names both', async () => {
    const file = await reportWith({
      numPassedTests: 3,
      numTotalTests: 5,
      testResults: [
        { status: 'passed', name: 'a.test.ts', assertionResults: [{ status: 'passed', fullName: 'adds' }] },
        { status: 'failed', name: 'b.test.ts', message: 'no such file', assertionResults: [] },
        {
          status: 'failed',
          name: 'c.test.ts',
          assertionResults: [
            {
              status: 'failed',
              fullName: '[X1] counts',
              failureMessages: ['\u001B[31mexpected 1\u001B[39m\n at'],
            },
            { status: 'skipped', fullName: '[X2] waits' },
          ],
        },
      ],
    });
    expect(vitestCounts(file)).toEqual({
      passed: 3,
      failed: 3,
      problems: [
        'b.test.ts: no such file',
        'c.test.ts: [X1] counts: expected 1 | at',
        'c.test.ts: [X2] waits: not run',
      ],
    });
  });

  it('takes a story that was skipped or needed a second try for a failure, and names it', async () => {
    const file = await reportWith({
      stats: { expected: 1, unexpected: 1, flaky: 1, skipped: 1 },
      errors: [],
      suites: [
        {
          title: 'reload.spec.ts',
          specs: [storyThat('passes', 'expected'), storyThat('waits', 'skipped')],
          suites: [
            {
              title: 'a reload',
              specs: [
                storyThat('goes on', 'unexpected', [{ error: { message: 'too late' } }]),
                storyThat('is quick', 'flaky', [{ error: { message: 'once' } }, {}]),
              ],
            },
          ],
        },
      ],
    });
    expect(playwrightCounts(file)).toEqual({
      passed: 1,
      failed: 3,
      problems: ['reload.spec.ts: waits: not run', 'a reload: goes on: too late', 'a reload: is quick: once'],
    });
  });

  it('does not let a run pass that had no tests, or failed as a whole', () => {
    const problems = [];
    expect(settle({ passed: 0, failed: 0, problems }, 0).failed).toBe(1);
    expect(settle({ passed: 7, failed: 0, problems }, 1)).toMatchObject({ passed: 7, failed: 1 });
    expect(settle({ passed: 7, failed: 0, problems }, 0)).toEqual({ passed: 7, failed: 0, problems });
  });

  it('takes a missing report for no tests', () => {
    expect(vitestCounts(join(ROOT, 'no-such-report'))).toEqual({ passed: 0, failed: 0, problems: [] });
  });
});

describe('the version of Node', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('%s will do', (version) => {
    expect(() => checkNodeVersion(version, '>=20.19')).not.toThrow();
  });

  it.each(['18.20.0', '20.9.0', '20.18.3'])('%s is told what is wanted', (version) => {
    expect(() => checkNodeVersion(version, '>=20.19')).toThrow(`20.19 or newer, and this is ${version}`);
  });
});
