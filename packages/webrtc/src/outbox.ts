import { createDeferred, type Clock } from '@tabswarm/base';
import type { Flow } from './flow.ts';

/** Besides what is in the pipe already: up to a mebibyte of control messages. */
const MAX_WAITING_MESSAGES = 4_096;

/** The sending half of a channel: hands messages over while there is room, in order. */
export interface Outbox {
  /** Resolves when the message is handed over. Rejects with the end's reason, or `signal.reason`. */
  send(message: Uint8Array<ArrayBuffer>, signal: AbortSignal | undefined): Promise<void>;
  bytesSent(): number;
  /** Bytes that are handed over and have left. */
  bytesDrained(): number;
  /** Milliseconds in all during which something waited for room. */
  fullMs(): number;
  /** From now on messages go this way as well: each goes where least waits. Their order is nobody's any more. */
  add(flow: Flow): void;
  /** Nothing goes this way any more, unless it is added again. What it holds is its own affair. */
  remove(flow: Flow): void;
  /** Sent before all else: what had gone by a flow that was removed, and did not arrive. */
  sendAgain(messages: readonly Uint8Array<ArrayBuffer>[]): void;
}

interface Waiting {
  readonly message: Uint8Array<ArrayBuffer>;
  readonly done?: ReturnType<typeof createDeferred<void>>;
}

export interface OutboxOptions {
  /** Called where more waits than a peer that reads would ever cause: it asks and does not take the answers. */
  readonly onOverflow?: () => void;
  /** Called when something has to wait for room. */
  readonly onFull?: () => void;
}

/** `closed` aborts when the link is over; everything that waits then rejects with its reason. */
export function createOutbox(
  first: Flow,
  clock: Clock,
  closed: AbortSignal,
  { onOverflow, onFull }: OutboxOptions = {},
): Outbox {
  const flows = new Set([first]);
  const waiting: Waiting[] = [];
  let bytesSent = 0;
  let fullMs = 0;
  let fullSince: number | undefined;

  const flowFor = (bytes: number): Flow | undefined => {
    let best: Flow | undefined;
    for (const flow of flows) {
      if (flow.hasRoom(bytes) && (!best || flow.buffered() < best.buffered())) best = flow;
    }
    return best;
  };

  const hand = (flow: Flow, message: Uint8Array<ArrayBuffer>): void => {
    flow.hand(message);
    bytesSent += message.byteLength;
  };

  /** Notes since when something waits. */
  const note = (): void => {
    if (waiting.length > 0) fullSince ??= clock.now();
    else if (fullSince !== undefined) {
      fullMs += clock.now() - fullSince;
      fullSince = undefined;
    }
  };

  const flush = (): void => {
    for (let next = waiting[0]; next; next = waiting[0]) {
      const flow = flowFor(next.message.byteLength);
      if (!flow) break;
      waiting.shift();
      try {
        hand(flow, next.message);
        next.done?.resolve();
      } catch (cause) {
        // The channel is going away and `closed` will say so, or the browser's own queue is full.
        next.done?.reject(cause);
      }
    }
    note();
  };

  first.onRoom(flush);
  closed.addEventListener('abort', () => {
    for (const { done } of waiting.splice(0)) done?.reject(closed.reason);
  });

  return {
    bytesSent: () => bytesSent,
    bytesDrained: () => [...flows].reduce((sum, flow) => sum - flow.buffered(), bytesSent),
    fullMs: () => fullMs + (fullSince === undefined ? 0 : clock.now() - fullSince),
    add(flow) {
      flows.add(flow);
      flow.onRoom(flush);
      flush();
    },
    remove: (flow) => void flows.delete(flow),
    sendAgain(messages) {
      if (closed.aborted) return;
      waiting.unshift(...messages.map((message) => ({ message })));
      flush();
    },
    async send(message, signal) {
      if (closed.aborted) throw closed.reason;
      signal?.throwIfAborted();
      const flow = waiting.length === 0 ? flowFor(message.byteLength) : undefined;
      if (flow) {
        hand(flow, message);
        return;
      }
      if (waiting.length >= MAX_WAITING_MESSAGES) onOverflow?.();
      if (closed.aborted) throw closed.reason;
      const entry = { message, done: createDeferred<void>() };
      const onAbort = (): void => {
        const at = waiting.indexOf(entry);
        if (at === -1) return;
        waiting.splice(at, 1);
        note();
        entry.done.reject(signal?.reason);
      };
      waiting.push(entry);
      note();
      onFull?.();
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        await entry.done.promise;
      } finally {
        signal?.removeEventListener('abort', onAbort);
      }
    },
  };
}
