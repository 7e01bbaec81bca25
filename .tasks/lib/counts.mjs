import { existsSync, readFileSync } from 'node:fs';

/** How many tests passed and failed. A skipped one counts as failed: nobody has seen it pass. */

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
  };
}

/** From the file of Playwright's json reporter. Needing a second try is failing. */
export function playwrightCounts(file) {
  const report = readReport(file);
  if (!report) return NOTHING;
  const { expected, unexpected, flaky, skipped } = report.stats;
  return { passed: expected, failed: unexpected + flaky + skipped };
}

const NOTHING = { passed: 0, failed: 0 };

/** Undefined where the run ended before it could report. */
function readReport(file) {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * What a stage that ran tests adds to the sum. A run without tests, and one that failed as a whole with every test
 * passed (an unhandled rejection, say), is a failure too.
 */
export function settle({ passed, failed }, code) {
  if (passed + failed === 0) return { passed: 0, failed: 1, note: 'ran no tests' };
  if (code !== 0 && failed === 0) return { passed, failed: 1, note: `ended with code ${code}` };
  return { passed, failed };
}
