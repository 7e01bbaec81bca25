import {
  abortable,
  createDeferred,
  createListeners,
  errorText,
  release,
  type Clock,
  type Log,
  type Unsubscribe,
} from '@tabswarm/base';
import type { Link } from '@tabswarm/net';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import {
  decodePart,
  encodePart,
  MAX_BULK_BYTES,
  MAX_OPEN_REQUESTS,
  PART_BYTES,
  swarmMessage,
  type RefusalReason,
  type SwarmMessage,
  type SwarmQuestion,
} from '@tabswarm/protocol/swarm';
import { createAssembly, type Assembly } from './assembly.ts';

/** A peer that owes answers may pause so long between two parts; then the peer has stalled and somebody else is asked. */
const STALL_MS = 8_000;

/** The peer will not or cannot answer, and said so. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(`the peer refused: ${reason}`);
    this.reason = reason;
  }
}

/** Nothing came for too long. */
export class StalledError extends Error {
  override readonly name = 'StalledError';
}

// A mapped type distributes over the union where a plain Omit would not.
type Unnumbered<Q> = Q extends SwarmQuestion ? Omit<Q, 'request'> : never;
export type Question = Unnumbered<SwarmQuestion>;

/** The swarm's end of one link: questions and answers, and what the other side holds. */
export interface Port {
  readonly remote: NodeId;
  readonly closed: AbortSignal;
  rttMs(): number;
  tell(message: SwarmMessage): void;
  /**
   * The answer's bytes. Rejects with a RefusedError, StalledError, LinkClosedError or `signal.reason`; aborting tells
   * the other side to save its effort. `onProgress` is told of the bytes of each part.
   */
  ask(
    question: Question,
    options: {
      readonly expect: { readonly exact: number } | { readonly max: number };
      readonly signal: AbortSignal;
      readonly onProgress?: (bytes: number) => void;
    },
  ): Promise<ArrayBuffer>;
  /** Sends an answer in parts; resolves when the last is handed over. `onPart` is told of the bytes of each. */
  answer(
    request: number,
    bytes: ArrayBuffer,
    signal: AbortSignal,
    onPart: (bytes: number) => void,
  ): Promise<void>;
  /** Everything the other side says but answers to our questions. */
  onMessage(listener: (message: SwarmMessage) => void): Unsubscribe;
  /** Blocks that the other side said it holds, by share; absent where it takes no part. */
  readonly holdings: Map<Root, RemoteHolding>;
  /** Shares in which we told the other side that we take part. */
  readonly joined: Set<Root>;
}

export interface RemoteHolding {
  have: Uint8Array;
  /** It has the info dictionary. */
  informed: boolean;
}

interface Open {
  readonly assembly: Assembly;
  readonly done: ReturnType<typeof createDeferred<ArrayBuffer>>;
  readonly onProgress: ((bytes: number) => void) | undefined;
}

export function createPort(link: Link, { clock, log }: { readonly clock: Clock; readonly log: Log }): Port {
  const channel = link.channel('swarm');
  const messages = createListeners<SwarmMessage>();
  const open = new Map<number, Open>();
  let lastRequest = 0;
  /** When the last part of any answer came: what was asked for last waits until all before it has come. */
  let heardAt = 0;

  const tell = (message: SwarmMessage): void => {
    channel.send(swarmMessage.encode(message), { signal: link.closed }).catch((cause: unknown) => {
      if (!link.closed.aborted) log.warn('could not send', { peer: link.remote, cause: errorText(cause) });
    });
  };

  channel.receive((bytes) => {
    const message = swarmMessage.decode(bytes);
    if (message.type === 'refuse') open.get(message.request)?.done.reject(new RefusedError(message.reason));
    else messages.emit(message);
  });
  link.bulk.receive((bytes) => {
    const part = decodePart(bytes);
    const question = open.get(part.request);
    // After a cancel some parts are still on the way; they are no fault.
    if (!question) return;
    heardAt = clock.now();
    question.onProgress?.(part.payload.byteLength);
    const whole = question.assembly.add(part);
    release(bytes.buffer);
    if (whole) question.done.resolve(question.assembly.bytes());
  });

  return {
    remote: link.remote,
    closed: link.closed,
    rttMs: () => link.stats().rttMs ?? 100,
    tell,
    holdings: new Map(),
    joined: new Set(),
    onMessage: (listener) => messages.subscribe(listener),

    async ask(question, { expect, signal, onProgress }) {
      if (open.size >= MAX_OPEN_REQUESTS) throw new RefusedError('busy');
      const over = AbortSignal.any([signal, link.closed]);
      over.throwIfAborted();
      lastRequest = (lastRequest + 1) >>> 0;
      const request = lastRequest;
      const done = createDeferred<ArrayBuffer>();
      const entry: Open = { assembly: createAssembly(expect), done, onProgress };
      const askedAt = clock.now();
      // One timer a question, set again when it goes off, as parts come far more often than it does.
      const watch = (): void => {
        const left = Math.max(askedAt, heardAt) + STALL_MS - clock.now();
        if (left > 0) cancelStall = clock.after(left, watch);
        else done.reject(new StalledError(`no answer for ${STALL_MS} ms`));
      };
      let cancelStall = clock.after(STALL_MS, watch);
      open.set(request, entry);
      tell({ ...question, request });
      try {
        return await abortable(done.promise, over);
      } catch (cause) {
        if (!link.closed.aborted && !(cause instanceof RefusedError)) tell({ type: 'cancel', request });
        throw cause;
      } finally {
        cancelStall();
        open.delete(request);
      }
    },

    async answer(request, bytes, signal, onPart) {
      const total = bytes.byteLength;
      // Each part is handed over before the next is made, so one buffer does for all.
      const buffer = new ArrayBuffer(MAX_BULK_BYTES);
      let offset = 0;
      do {
        const payload = new Uint8Array(bytes, offset, Math.min(PART_BYTES, total - offset));
        await link.bulk.send(encodePart({ request, total, offset, payload }, buffer), { signal });
        onPart(payload.byteLength);
        offset += PART_BYTES;
      } while (offset < total);
    },
  };
}
