import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'signaling/test/**/*.test.ts',
      'apps/*/test/**/*.test.{ts,tsx}',
      '.tasks/gates/*.test.mjs',
    ],
    exclude: ['**/node_modules/**', '**/fixtures/**', '**/*.browser.test.ts'],
    passWithNoTests: false,
    restoreMocks: true,
    // The default of a second would let the speed of a machine decide.
    expect: { poll: { timeout: 60_000 } },
    // Bounds a test that hangs; how long one takes on a busy machine decides nothing. The largest simulation takes 10 s of
    // one core that has nothing else to do, and took half a minute where it had.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
