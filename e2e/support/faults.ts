import type { BrowserContext } from 'playwright/test';

/**
 * Everything that goes wrong in the pages of one test without anybody looking: errors on the console, exceptions and
 * rejections that nothing catches, tabs that crash.
 */
export interface Faults {
  watch(context: BrowserContext): void;
  /** For what a browser says by itself in a situation that the test makes on purpose. */
  expect(pattern: RegExp): void;
  /** What was neither right nor expected. */
  list(): readonly string[];
}

/** What Chromium says by itself of a server that is not there. */
export const NO_SERVER = /WebSocket connection to .* failed|ERR_CONNECTION_REFUSED/;

export function createFaults(): Faults {
  const seen: string[] = [];
  const expected: RegExp[] = [];
  return {
    watch(context) {
      context.on('console', (message) => {
        if (message.type() === 'error') seen.push(`console: ${message.text()} (${message.location().url})`);
      });
      // Rejections that nothing handles come this way too.
      context.on('weberror', (webError) => {
        const error = webError.error();
        seen.push(`uncaught: ${error.stack ?? error.message}`);
      });
      context.on('page', (page) => page.on('crash', () => seen.push('a tab crashed')));
    },
    expect: (pattern) => void expected.push(pattern),
    list: () => seen.filter((text) => !expected.some((pattern) => pattern.test(text))),
  };
}
