import {
  abortable,
  createDeferred,
  createListeners,
  discarded,
  errorText,
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
  requestAfter,
  swarmMessage,
  type RefusalReason,
  type SwarmMessage,
  type SwarmQuestion,
} from '@tabswarm/protocol/swarm';
import { createAssembly, type Assembly } from './assembly.ts';
import { createBlockAsks } from './block-asks.ts';
import { createCredit } from './credit.ts';
import type { Dealings } from './upload/dealings.ts';

/** An answer may pause so long between two parts; then the peer has stalled and somebody else is asked. */
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
  /** The other side gives us no blocks before it says so. */
  choked(): boolean;
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
  /**
   * Sends an answer in parts; resolves when the last is handed over. `onPart` is told of the bytes of each. With `mayGo`,
   * which is waited for before each, it is a block, and sent no faster than the other side wants.
   */
  answer(request: number, bytes: ArrayBuffer, signal: AbortSignal, pace: Pace): Promise<void>;
  /** Bytes of blocks that were asked for and are not here. */
  owed(): number;
  /** Bytes of them that the other side may send; undefined where it may send what it likes. */
  allowed(): number | undefined;
  /** The other side may send so many bytes of blocks more; undefined: any number. */
  allow(bytes: number | undefined): void;
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
  /** It has all of it, and shows it block by block. */
  readonly whole: boolean;
}

export interface Pace {
  /** `left`: bytes of the block that are not sent, with these. */
  readonly mayGo?: (bytes: number, left: number) => Promise<void>;
  /** Whether a part waits for the other side to want it. */
  readonly onWithheld?: (isWaiting: boolean) => void;
  readonly onPart: (bytes: number) => void;
}

interface Open {
  readonly isBlock: boolean;
  readonly assembly: Assembly;
  readonly done: ReturnType<typeof createDeferred<ArrayBuffer>>;
  readonly onProgress: ((bytes: number) => void) | undefined;
  /** When the last part came, or the question was asked. */
  heardAt: number;
  /** Bytes that are not here, of those that are known of. */
  missing: number;
}

export interface PortCollaborators {
  /** Told what was asked of the other side, and what came. */
  readonly dealings: Pick<Dealings, 'onAsked' | 'onGiven' | 'onWithdrawn'>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createPort(link: Link, { dealings, clock, log }: PortCollaborators): Port {
  const channel = link.channel('swarm');
  const messages = createListeners<SwarmMessage>();
  const open = new Map<number, Open>();
  let lastRequest = 0;
  /** When the last part of a block came, whatever block: they are answered one after the other. */
  let blockHeardAt = 0;
  let isChoked = false;
  /** What the other side takes of us, and what we take of it. */
  const credit = createCredit(link.closed);
  let allowed: number | undefined;

  /** Nothing can come, as we did not allow it. */
  const isWithheld = ({ isBlock }: Open): boolean => isBlock && allowed !== undefined && allowed === 0;

  const say = (message: SwarmMessage): void => {
    channel.send(swarmMessage.encode(message), { signal: link.closed }).catch((cause: unknown) => {
      if (!link.closed.aborted) log.warn('could not send', { peer: link.remote, cause: errorText(cause) });
    });
  };

  const asks = createBlockAsks(say);
  /** In the order in which it is called, asking for blocks included. */
  const tell = (message: SwarmMessage): void => {
    asks.flush();
    say(message);
  };

  channel.receive((bytes) => {
    const message = swarmMessage.decode(bytes);
    if (message.type === 'refuse') {
      // Noted at once: what follows on the wire may lift it before the one who asked has heard of the refusal.
      if (message.reason === 'choked') isChoked = true;
      open.get(message.request)?.done.reject(new RefusedError(message.reason));
      return;
    }
    if (message.type === 'unchoke') isChoked = false;
    else if (message.type === 'credit') credit.set(message);
    else if (message.type === 'join') asks.setUnderstood(message.batches === true);
    messages.emit(message);
  });
  link.bulk.receive((bytes) => {
    const part = decodePart(bytes);
    const question = open.get(part.request);
    if (question?.isBlock !== false) {
      blockHeardAt = clock.now();
      if (allowed !== undefined) allowed = Math.max(0, allowed - part.payload.byteLength);
    }
    // After a cancel some parts are still on the way; they are no fault.
    if (!question) return;
    question.heardAt = clock.now();
    if (question.isBlock) dealings.onGiven(link.remote, part.payload.byteLength);
    question.missing -= part.payload.byteLength;
    question.onProgress?.(part.payload.byteLength);
    const whole = question.assembly.add(part);
    discarded(bytes.byteLength);
    if (whole) question.done.resolve(question.assembly.bytes());
  });

  // Once for all questions: a joined signal for each would cost more than many a part does.
  link.closed.addEventListener('abort', () => {
    for (const { done } of open.values()) done.reject(link.closed.reason);
  });

  return {
    remote: link.remote,
    closed: link.closed,
    rttMs: () => link.stats().rttMs ?? 100,
    choked: () => isChoked,
    tell,
    owed: () => [...open.values()].reduce((sum, { isBlock, missing }) => sum + (isBlock ? missing : 0), 0),
    allowed: () => allowed,
    allow(bytes) {
      if (bytes === undefined && allowed === undefined) return;
      // From now on the other side can be silent.
      if (allowed === 0) blockHeardAt = clock.now();
      allowed = bytes === undefined ? undefined : (allowed ?? 0) + bytes;
      tell({ type: 'credit', bytes: bytes ?? 0, limited: bytes !== undefined });
    },
    holdings: new Map(),
    joined: new Set(),
    onMessage: (listener) => messages.subscribe(listener),

    async ask(question, { expect, signal, onProgress }) {
      if (open.size >= MAX_OPEN_REQUESTS) throw new RefusedError('busy');
      signal.throwIfAborted();
      link.closed.throwIfAborted();
      lastRequest = requestAfter(lastRequest);
      const request = lastRequest;
      const done = createDeferred<ArrayBuffer>();
      const isBlock = question.type === 'askBlock';
      const missing = 'exact' in expect ? expect.exact : 0;
      const heardAt = clock.now();
      const entry: Open = { isBlock, assembly: createAssembly(expect), done, onProgress, heardAt, missing };
      // One timer a question, set again when it goes off, as parts come far more often than it does.
      const watch = (): void => {
        const last = isBlock ? Math.max(entry.heardAt, blockHeardAt) : entry.heardAt;
        const left = last + STALL_MS - clock.now();
        if (isWithheld(entry)) cancelStall = clock.after(STALL_MS, watch);
        else if (left > 0) cancelStall = clock.after(left, watch);
        else done.reject(new StalledError(`no answer for ${STALL_MS} ms`));
      };
      let cancelStall = clock.after(STALL_MS, watch);
      open.set(request, entry);
      if (isBlock) dealings.onAsked(link.remote);
      if (question.type === 'askBlock') asks.add({ ...question, request });
      else tell({ ...question, request });
      try {
        return await abortable(done.promise, signal);
      } catch (cause) {
        if (!link.closed.aborted && !(cause instanceof RefusedError)) tell({ type: 'cancel', request });
        if (isBlock && signal.aborted) dealings.onWithdrawn(link.remote);
        throw cause;
      } finally {
        cancelStall();
        open.delete(request);
      }
    },

    async answer(request, bytes, signal, { mayGo, onWithheld, onPart }) {
      const total = bytes.byteLength;
      // Each part is handed over before the next is made, so one buffer does for all.
      const buffer = new ArrayBuffer(MAX_BULK_BYTES);
      let offset = 0;
      do {
        const payload = new Uint8Array(bytes, offset, Math.min(PART_BYTES, total - offset));
        onWithheld?.(true);
        const giveBack = mayGo && (await credit.take(payload.byteLength, signal));
        onWithheld?.(false);
        try {
          await mayGo?.(payload.byteLength, total - offset);
          await link.bulk.send(encodePart({ request, total, offset, payload }, buffer), { signal });
        } catch (cause) {
          giveBack?.();
          throw cause;
        }
        onPart(payload.byteLength);
        offset += PART_BYTES;
      } while (offset < total);
    },
  };
}
