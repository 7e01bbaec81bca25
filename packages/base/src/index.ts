export { formatBytes } from './bytes-text.ts';
export { abortable, TimeoutError, withTimeout } from './abort.ts';
export { every, sleep, systemClock, type Clock } from './clock.ts';
export { createDeferred, type Deferred } from './deferred.ts';
export { gather } from './gather.ts';
export { createLimiter, type Limiter } from './limit.ts';
export { createListeners, type Listeners, type Unsubscribe } from './listeners.ts';
export {
  createLog,
  errorText,
  silentLog,
  type Log,
  type LogEntry,
  type LogFields,
  type LogLevel,
} from './log.ts';
export { randomInt, shuffled, systemRandom, type Random } from './random.ts';
export { discarded } from './discarded.ts';
export { createState, stateWhere, type MutableState, type State } from './state.ts';
export { createTokenBucket, type TokenBucket } from './token-bucket.ts';
