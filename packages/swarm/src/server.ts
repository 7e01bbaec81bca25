import { errorText, type Clock, type Log } from '@tabswarm/base';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { MAX_OPEN_REQUESTS, type SwarmMessage, type SwarmQuestion } from '@tabswarm/protocol/swarm';
import type { Library } from './library.ts';
import { createMeter, type Meter } from './meter.ts';
import type { Port } from './port.ts';

/** Answers read from the store ahead of the one on the wire, so that the wire never waits for the disk. */
const READ_AHEAD = 2;

/** Answers the questions of peers from the library, one after the other on each link. */
export interface Server {
  attach(port: Port): void;
  /** What each peer is being sent of a share. */
  uploads(root: Root): readonly Upload[];
}

export interface Upload {
  readonly peer: NodeId;
  readonly bytes: number;
  /** Bytes per second. */
  readonly rate: number;
}

interface Pending {
  readonly question: SwarmQuestion;
  readonly cancelled: AbortController;
  answer: Promise<ArrayBuffer | undefined> | undefined;
}

export function createServer({ library, clock, log }: { library: Library; clock: Clock; log: Log }): Server {
  /** By share, then by peer. */
  const meters = new Map<Root, Map<NodeId, Meter>>();

  const meterFor = (root: Root, peer: NodeId): Meter => {
    const byPeer = meters.get(root) ?? new Map<NodeId, Meter>();
    meters.set(root, byPeer);
    const meter = byPeer.get(peer) ?? createMeter(clock);
    byPeer.set(peer, meter);
    return meter;
  };

  const find = (question: SwarmQuestion): Promise<ArrayBuffer | undefined> => {
    const holding = library.get(question.root);
    if (!holding) return Promise.resolve(undefined);
    switch (question.type) {
      case 'askInfo':
        return holding.info();
      case 'askHashes':
        return holding.hashes({ file: question.file, first: question.first, count: question.count });
      default:
        return holding.block(question.index);
    }
  };

  const attach = (port: Port): void => {
    const queue: Pending[] = [];
    let working = false;

    const refuse = (request: number, reason: 'absent' | 'busy' | 'failed'): void =>
      port.tell({ type: 'refuse', request, reason });

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
        if (!bytes) {
          refuse(question.request, 'absent');
          if (!library.get(question.root)) port.tell({ type: 'unknown', root: question.root });
          return;
        }
        const meter = meterFor(question.root, port.remote);
        await port.answer(question.request, bytes, cancelled.signal, (sent) => meter.add(sent));
      } catch (cause) {
        if (cancelled.signal.aborted || port.closed.aborted) return;
        log.warn('could not answer', { peer: port.remote, question: question.type, cause: errorText(cause) });
        refuse(question.request, 'failed');
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
      }
      working = false;
    };

    port.onMessage((message: SwarmMessage) => {
      if (message.type === 'cancel') {
        queue.find(({ question }) => question.request === message.request)?.cancelled.abort();
      } else if (message.type === 'askInfo' || message.type === 'askHashes' || message.type === 'askBlock') {
        if (queue.length >= MAX_OPEN_REQUESTS) refuse(message.request, 'busy');
        else {
          queue.push({ question: message, cancelled: new AbortController(), answer: undefined });
          void work();
        }
      }
    });
    port.closed.addEventListener('abort', () => {
      for (const { cancelled } of queue.splice(0)) cancelled.abort();
      for (const [root, byPeer] of meters) {
        byPeer.delete(port.remote);
        if (byPeer.size === 0) meters.delete(root);
      }
    });
  };

  return {
    attach,
    uploads: (root) =>
      [...(meters.get(root) ?? [])].map(([peer, meter]) => ({
        peer,
        bytes: meter.total(),
        rate: meter.rate(),
      })),
  };
}
