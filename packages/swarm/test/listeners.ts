import { vi } from 'vitest';

/**
 * Counts those who wait for a signal to abort until the test is over; the function returned says how many there were at
 * most at a time on any one signal.
 */
export function countListeners(): () => number {
  const listeners = new Map<EventTarget, Set<unknown>>();
  let most = 0;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  vi.spyOn(AbortSignal.prototype, 'addEventListener').mockImplementation(function (
    this: AbortSignal,
    ...args: Parameters<EventTarget['addEventListener']>
  ) {
    const own = listeners.get(this) ?? new Set();
    listeners.set(this, own.add(args[1]));
    if (!this.aborted) most = Math.max(most, own.size);
    addEventListener.apply(this, args);
  });
  vi.spyOn(AbortSignal.prototype, 'removeEventListener').mockImplementation(function (
    this: AbortSignal,
    ...args: Parameters<EventTarget['removeEventListener']>
  ) {
    listeners.get(this)?.delete(args[1]);
    removeEventListener.apply(this, args);
  });
  return () => most;
}
