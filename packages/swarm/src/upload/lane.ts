import { errorText, type Log } from '@tabswarm/base';
import type { SwarmQuestion } from '@tabswarm/protocol/swarm';
import type { Port } from '../port.ts';

/** Answers read from the store ahead of the one on the wire, so that the wire never waits for the disk. */
const READ_AHEAD = 2;

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

export function createLane({ port, find, send, onAbsent, onAnswered, log }: LaneParts): Lane {
  const queue: Pending[] = [];
  let working = false;

  const readAhead = (): void => {
    for (const pending of queue.slice(0, READ_AHEAD + 1)) {
      pending.answer ??= find(pending.question);
      // Looked at when its turn comes, which may be never.
      pending.answer.catch(() => undefined);
    }
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
    drain: () =>
      queue
        .splice(working ? 1 : 0)
        .filter(({ cancelled }) => !cancelled.signal.aborted)
        .map(({ question }) => question),
    isBusy: () => working,
    clear() {
      for (const { cancelled } of queue.splice(0)) cancelled.abort();
    },
  };
}
