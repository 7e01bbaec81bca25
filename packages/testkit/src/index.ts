export { createManualClock, type ManualClock } from './clock.ts';
export { seededKeys } from './keys.ts';
export { createSeededRandom, seedFrom } from './random.ts';
