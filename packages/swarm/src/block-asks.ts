import type { Root } from '@tabswarm/protocol/ids';
import {
  MAX_ASKED_BLOCKS,
  requestAfter,
  type BlockQuestion,
  type SwarmMessage,
} from '@tabswarm/protocol/swarm';

/** Blocks that are asked for at once go in one message: each costs either side more than what is in it. */
export interface BlockAsks {
  /** It goes with whatever else is added before the turn ends. */
  add(question: BlockQuestion): void;
  /** Now, as something is to follow it. */
  flush(): void;
}

export function createBlockAsks(send: (message: SwarmMessage) => void): BlockAsks {
  let waiting: { readonly root: Root; readonly request: number; readonly indexes: number[] } | undefined;

  const flush = (): void => {
    const asked = waiting;
    waiting = undefined;
    if (asked) send({ type: 'askBlocks', ...asked });
  };

  const follows = ({ root, request }: BlockQuestion): boolean =>
    waiting !== undefined &&
    waiting.root === root &&
    requestAfter(waiting.request, waiting.indexes.length) === request &&
    waiting.indexes.length < MAX_ASKED_BLOCKS;

  return {
    add(question) {
      if (!follows(question)) {
        flush();
        waiting = { root: question.root, request: question.request, indexes: [] };
        queueMicrotask(flush);
      }
      waiting?.indexes.push(question.index);
    },
    flush,
  };
}
