export { createManualClock, type ManualClock } from './clock.ts';
export { createSeededRandom, seedFrom } from './random.ts';
