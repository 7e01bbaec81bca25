/* Beats for as long as it lives: see tab-clock.ts. */

/** Finer than any of the times that peers wait for one another. */
const BEAT_MS = 100;

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's page is the only one to hear it
setInterval(() => self.postMessage(undefined), BEAT_MS);
