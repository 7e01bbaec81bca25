import type { Clock } from '@tabswarm/base';
import type { Causes } from './causes.ts';

/**
 * A manual clock for whole networks. Everything that falls due at one moment runs before promises are let settle, so a
 * network of thousands of nodes can be run; and it waits for WebCrypto, which answers from threads in its own time, so that
 * no timer fires for want of a signature.
 */
export interface SimulationClock extends Clock {
  advance(ms: number): Promise<void>;
  /** Advances until the promise has settled, for at most `ms`; then gives its outcome. */
  until<T>(promise: Promise<T>, ms?: number): Promise<T>;
  /** Counts work outside of the clock, which time waits for. */
  busy<T>(work: Promise<T>): Promise<T>;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

const PATIENCE_MS = 60_000;
/** Milliseconds since the Unix epoch, and a multiple of any grain. */
const START = 1_700_000_000_000;

export interface SimulationClockOptions {
  /** Timers fall due at whole multiples of it: the coarser, the more things share one moment, and the faster. */
  readonly grainMs?: number;
  /** What has caused a timer has caused what it does. */
  readonly causes?: Causes;
}

export function createSimulationClock({ grainMs = 1, causes }: SimulationClockOptions = {}): SimulationClock {
  const heap: Timer[] = [];
  let now = START;
  let order = 0;
  let working = 0;

  const settle = async (): Promise<void> => {
    // One turn runs all microtasks. What threads bring in needs another one.
    await turn();
    while (working > 0) {
      await turn();
      if (working === 0) await turn();
    }
  };

  const peek = (): Timer | undefined => {
    while (heap[0]?.cancelled === true) pop(heap);
    return heap[0];
  };

  const step = async (until: number): Promise<boolean> => {
    await settle();
    const first = peek();
    if (!first || first.at > until) return false;
    now = Math.max(now, first.at);
    for (let timer = peek(); timer && timer.at <= now; timer = peek()) {
      pop(heap);
      timer.run();
    }
    return true;
  };

  return {
    now: () => now,
    after(ms, run) {
      const timer: Timer = {
        at: Math.ceil((now + Math.max(0, ms)) / grainMs) * grainMs,
        order: (order += 1),
        run: causes?.carry(run) ?? run,
        cancelled: false,
      };
      push(heap, timer);
      return () => {
        timer.cancelled = true;
      };
    },
    async advance(ms) {
      const until = now + ms;
      while (await step(until));
      now = until;
    },
    async until(promise, ms = PATIENCE_MS) {
      let settled = false;
      void Promise.allSettled([promise]).then(() => {
        settled = true;
      });
      const limit = now + ms;
      await settle();
      while (!settled && (await step(limit))) await settle();
      if (!settled) throw new Error(`not settled after ${ms} ms`);
      return promise;
    },
    async busy(work) {
      working += 1;
      try {
        return await work;
      } finally {
        working -= 1;
      }
    },
  };
}

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.addEventListener('message', () => waiting.shift()?.());
channel.port1.start();

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(undefined);
  });
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Timer[], timer: Timer): void {
  let at = heap.length;
  heap.push(timer);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Timer;
    if (!before(timer, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right && before(right, heap[child] as Timer)) child += 1;
    if (!before(heap[child] as Timer, last)) break;
    heap[at] = heap[child] as Timer;
    at = child;
  }
  heap[at] = last;
}
