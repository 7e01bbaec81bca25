import type { Clock } from '@tabswarm/base';
import { UnreachableError, type Link, type Transport } from '@tabswarm/net';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { Port } from './port.ts';

/** A linked peer that does not say within this time whether it takes part, does not. */
const JOIN_LIMIT_MS = 5_000;

/** For shares a tab links itself to no more nodes than makes so many in all, however many shares are open. */
const MAX_LINKS = 56;

/** The node that was said to hold the share does not. */
class NotHoldingError extends Error {
  override readonly name = 'NotHoldingError';
}

/** Questions whether a peer takes part in a share that wait for their answer. */
export interface Answers {
  /** Resolves with the answer. */
  wait(port: Port, root: Root): Promise<boolean>;
  settle(port: Port, root: Root, holds: boolean): void;
}

export function createAnswers(): Answers {
  const waiting = new WeakMap<Port, Map<Root, ((holds: boolean) => void)[]>>();
  return {
    wait: (port, root) =>
      new Promise((resolve) => {
        const byRoot = waiting.get(port) ?? new Map<Root, ((holds: boolean) => void)[]>();
        waiting.set(port, byRoot.set(root, [...(byRoot.get(root) ?? []), resolve]));
      }),
    settle(port, root, holds) {
      const byRoot = waiting.get(port);
      for (const resolve of byRoot?.get(root) ?? []) resolve(holds);
      byRoot?.delete(root);
    },
  };
}

export interface ReachCollaborators {
  readonly transport: Transport;
  readonly ports: ReadonlyMap<NodeId, Port>;
  readonly answers: Answers;
  /** Tells the other side that we take part, and asks whether it does. */
  readonly join: (port: Port, root: Root, options: { readonly answer: boolean }) => void;
  readonly clock: Clock;
}

export interface JoinOptions {
  readonly signal: AbortSignal;
  /** The other side has been told that we take part, and has not answered yet. */
  readonly onTold: (port: Port) => void;
}

export interface Reach {
  /** Links to a node and joins a share there. Rejects with an UnreachableError, a NotHoldingError or `signal.reason`. */
  join(node: NodeId, root: Root, options: JoinOptions): Promise<Port>;
  /** Whether it is linked already, or may be. */
  hasRoomFor(node: NodeId): boolean;
}

export function createReach(collaborators: ReachCollaborators): Reach {
  const { transport, ports, answers, join: tellJoined, clock } = collaborators;
  let dialing = 0;
  const isFull = (): boolean => transport.links().length + dialing >= MAX_LINKS;
  const dial = async (node: NodeId, signal: AbortSignal): Promise<Link> => {
    if (isFull()) throw new UnreachableError(node, 'busy');
    dialing += 1;
    try {
      return await transport.dial(node, { signal });
    } finally {
      dialing -= 1;
    }
  };

  return {
    hasRoomFor: (node) => transport.link(node) !== undefined || !isFull(),
    async join(node, root, { signal, onTold }) {
      const link = transport.link(node) ?? (await dial(node, signal));
      const port = ports.get(node);
      if (!port || link.closed.aborted) throw new NotHoldingError('the link closed at once');
      if (port.holdings.has(root)) return port;
      const giveUp = (): void => answers.settle(port, root, false);
      const cancelTimer = clock.after(JOIN_LIMIT_MS, giveUp);
      const over = AbortSignal.any([signal, port.closed]);
      over.addEventListener('abort', giveUp, { once: true });
      try {
        const answer = answers.wait(port, root);
        tellJoined(port, root, { answer: false });
        onTold(port);
        if (!(await answer)) throw new NotHoldingError('it does not take part in the share');
        return port;
      } catch (cause) {
        signal.throwIfAborted();
        throw cause;
      } finally {
        cancelTimer();
        over.removeEventListener('abort', giveUp);
      }
    },
  };
}
