import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { ROOT } from './root.mjs';

/**
 * How many tests passed and failed, and which ones failed, with the beginning of why. A skipped one counts as failed:
 * nobody has seen it pass.
 */

/** From the file of vitest's json reporter. A file of tests that could not even be loaded is one failure. */
export function vitestCounts(file) {
  const report = readReport(file);
  if (!report) return NOTHING;
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numTotalTests - report.numPassedTests + broken,
    problems: report.testResults.flatMap(vitestProblems),
  };
}

function vitestProblems({ status, name, message, assertionResults }) {
  if (status === 'failed' && assertionResults.length === 0) return [problem(name, message)];
  return assertionResults
    .filter((result) => result.status !== 'passed')
    .map(({ fullName, failureMessages }) => problem(`${name}: ${fullName}`, failureMessages?.[0]));
}

/** From the file of Playwright's json reporter. Needing a second try is failing. */
export function playwrightCounts(file) {
  const report = readReport(file);
  if (!report) return NOTHING;
  const { expected, unexpected, flaky, skipped } = report.stats;
  return {
    passed: expected,
    failed: unexpected + flaky + skipped,
    problems: [
      ...report.errors.map(({ message }) => problem('before the stories', message)),
      ...report.suites.flatMap((suite) => playwrightProblems(suite)),
    ],
  };
}

/** Suites hold suites, as files hold `describe`s. */
function playwrightProblems({ title, specs = [], suites = [] }) {
  const own = specs
    .flatMap((spec) => spec.tests.map((test) => ({ spec, test })))
    .filter(({ test }) => test.status !== 'expected')
    .map(({ spec, test }) =>
      problem(`${title}: ${spec.title}`, test.results.find(({ error }) => error)?.error.message),
    );
  return [...own, ...suites.flatMap((suite) => playwrightProblems(suite))];
}

/** One line, however long the message and whatever colours it has. */
function problem(name, message = 'not run') {
  const text = stripVTControlCharacters(message)
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, 3)
    .join(' | ');
  return `${name.replace(`${ROOT}/`, '')}: ${text.slice(0, MAX_PROBLEM_LENGTH)}`;
}

const MAX_PROBLEM_LENGTH = 300;
const NOTHING = { passed: 0, failed: 0, problems: [] };

/** Undefined where the run ended before it could report. */
function readReport(file) {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * What a stage that ran tests adds to the sum. A run without tests, and one that failed as a whole with every test
 * passed (an unhandled rejection, say), is a failure too.
 */
export function settle({ passed, failed, problems }, code) {
  if (passed + failed === 0) return { passed: 0, failed: 1, problems, note: 'ran no tests' };
  if (code !== 0 && failed === 0) return { passed, failed: 1, problems, note: `ended with code ${code}` };
  return { passed, failed, problems };
}
