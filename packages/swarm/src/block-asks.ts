import type { Root } from '@tabswarm/protocol/ids';
import {
  blockQuestions,
  MAX_ASKED_BLOCKS,
  requestAfter,
  type BlockQuestion,
  type SwarmMessage,
} from '@tabswarm/protocol/swarm';

/** Blocks that are asked for at once go in one message, where that is understood: each costs more than what is in it. */
export interface BlockAsks {
  /** It goes with whatever else is added before the turn ends. */
  add(question: BlockQuestion): void;
  /** Now, as something is to follow it. */
  flush(): void;
  /** Whether the other side understands `askBlocks`; not known, it does not. */
  setUnderstood(understood: boolean): void;
}

export function createBlockAsks(send: (message: SwarmMessage) => void): BlockAsks {
  let isUnderstood = false;
  let waiting: { readonly root: Root; readonly request: number; readonly indexes: number[] } | undefined;

  const flush = (): void => {
    const asked = waiting;
    waiting = undefined;
    if (!asked) return;
    const together = { type: 'askBlocks', ...asked } as const;
    if (isUnderstood && asked.indexes.length > 1) send(together);
    else for (const question of blockQuestions(together)) send(question);
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
    setUnderstood(understood) {
      isUnderstood = understood;
    },
  };
}
