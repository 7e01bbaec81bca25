import { createManualClock } from '@tabswarm/testkit';
import { expect, it } from 'vitest';
import type { Connection } from '../../src/connection.ts';
import { createLane } from '../../src/lanes/lane.ts';

it('a lane that is taken up again tells of room once, and none that has stopped does', () => {
  const onLow: (() => void)[] = [];
  const control = {
    buffered: () => 0,
    setLowThreshold: () => undefined,
    onLow: (listener: () => void) => onLow.push(listener),
  };
  const lane = createLane(
    { connection: { control } as unknown as Connection, clock: createManualClock() },
    { number: 0, isOurs: true, mayKeep: () => true, onDead: () => undefined },
  );
  let told = 0;
  const drain = (): void => {
    for (const listener of onLow) listener();
  };
  for (let times = 0; times < 2; times += 1) lane.flow.onRoom(() => (told += 1));
  drain();
  expect(told).toBe(1);
  lane.stop();
  drain();
  expect(told).toBe(1);
});
