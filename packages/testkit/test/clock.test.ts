import { expect, it } from 'vitest';
import { createManualClock } from '../src/index.ts';

it('a clock turned by hand stands still while WebCrypto works', async () => {
  const clock = createManualClock();
  const order: string[] = [];
  clock.after(1, () => order.push('timer'));
  // Long enough that a few turns of the event loop pass before the answer, on any machine.
  const long = new Uint8Array(32 * 1024 * 1024);
  void crypto.subtle.digest('SHA-256', long).then(async () => {
    await crypto.subtle.digest('SHA-256', long);
    order.push('hash');
  });
  await clock.advance(1_000);
  expect(order).toEqual(['hash', 'timer']);
});
