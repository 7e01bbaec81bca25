import { discarded, errorText, type Log } from '@tabswarm/base';
import type { SwarmQuestion } from '@tabswarm/protocol/swarm';
import type { Port } from '../port.ts';

/**
 * Answers are read from the store ahead of the one on the wire, which then never waits for the disk: so many bytes of them,
 * or so few answers where they are large. They are asked for several at a time, as a trip to the store costs much the same
 * for one or for eight.
 */
const READ_AHEAD_BYTES = 2 * 1024 * 1024;
const MIN_READ_AHEAD = 2;

/** What is asked on one link, answered one after the other. */
export interface Lane {
  /** Questions that are not answered yet. */
  size(): number;
  push(question: SwarmQuestion): void;
  cancel(request: number): void;
  /** Takes out what nothing was sent of yet; answers those questions, and `isBusy` says whether one remains. */
  drain(): readonly SwarmQuestion[];
  isBusy(): boolean;
  clear(): void;
}

export interface LaneParts {
  readonly port: Port;
  /** How long the answer will be, as far as that is known. */
  readonly bytesOf: (question: SwarmQuestion) => number;
  /** The answer, whose bytes are the lane's own. */
  readonly find: (question: SwarmQuestion) => Promise<ArrayBuffer | undefined>;
  readonly send: (question: SwarmQuestion, bytes: ArrayBuffer, signal: AbortSignal) => Promise<void>;
  readonly onAbsent: (question: SwarmQuestion) => void;
  /** Told after each question, `isIdle` where it was the last. */
  readonly onAnswered: (question: SwarmQuestion, isIdle: boolean) => void;
  readonly log: Log;
}

interface Pending {
  readonly question: SwarmQuestion;
  readonly cancelled: AbortController;
  answer: Promise<ArrayBuffer | undefined> | undefined;
}

export function createLane({ port, bytesOf, find, send, onAbsent, onAnswered, log }: LaneParts): Lane {
  const queue: Pending[] = [];
  let working = false;

  /** What may be read already, behind the first. */
  const withinReach = (): Pending[] => {
    const reach: Pending[] = [];
    let bytes = 0;
    for (const pending of queue.slice(1)) {
      bytes += bytesOf(pending.question);
      if (reach.length >= MIN_READ_AHEAD && bytes > READ_AHEAD_BYTES) break;
      reach.push(pending);
    }
    return reach;
  };

  const readAhead = (): void => {
    const [first] = queue;
    if (!first) return;
    const reach = withinReach();
    const unread = reach.filter(({ answer }) => !answer);
    if (first.answer && unread.length < reach.length / 2) return;
    for (const pending of first.answer ? unread : [first, ...unread]) {
      pending.answer = find(pending.question);
      // Looked at when its turn comes, which may be never.
      pending.answer.catch(() => undefined);
    }
  };

  /** Also of what was read in vain. */
  const discard = ({ answer }: Pending): void => {
    void answer?.then(
      (bytes) => bytes && discarded(bytes.byteLength),
      () => undefined,
    );
  };

  const serve = async ({ question, cancelled, answer }: Pending): Promise<void> => {
    try {
      const bytes = await answer;
      if (cancelled.signal.aborted) return;
      if (bytes) await send(question, bytes, cancelled.signal);
      else onAbsent(question);
    } catch (cause) {
      if (cancelled.signal.aborted || port.closed.aborted) return;
      log.warn('could not answer', { peer: port.remote, question: question.type, cause: errorText(cause) });
      port.tell({ type: 'refuse', request: question.request, reason: 'failed' });
    }
  };

  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    readAhead();
    for (let next = queue[0]; next && !port.closed.aborted; next = queue[0]) {
      await serve(next);
      queue.shift();
      discard(next);
      readAhead();
      onAnswered(next.question, queue.length === 0);
    }
    working = false;
  };

  return {
    size: () => queue.length,
    push(question) {
      queue.push({ question, cancelled: new AbortController(), answer: undefined });
      void work();
    },
    cancel(request) {
      queue.find(({ question }) => question.request === request)?.cancelled.abort();
    },
    drain() {
      const drained = queue.splice(working ? 1 : 0);
      for (const pending of drained) discard(pending);
      return drained.filter(({ cancelled }) => !cancelled.signal.aborted).map(({ question }) => question);
    },
    isBusy: () => working,
    clear() {
      // The first is discarded when its sending has ended.
      const first = working ? queue[0] : undefined;
      for (const pending of queue.splice(0)) {
        pending.cancelled.abort();
        if (pending !== first) discard(pending);
      }
    },
  };
}
