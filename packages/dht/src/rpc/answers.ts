import { shuffled, type Log, type Random } from '@tabswarm/base';
import {
  MAX_HOPS,
  MAX_REPLY_NODES,
  MAX_REPLY_RECORD_BYTES,
  type DhtOperation,
  type ReplyOutcome,
} from '@tabswarm/protocol/dht';
import { toHex, type Bytes } from '@tabswarm/protocol/bytes';
import { ProtocolError } from '@tabswarm/protocol/error';
import type { Id, NodeId, RecordKey } from '@tabswarm/protocol/ids';
import { closest } from '../distance.ts';
import type { Signing } from '../signing.ts';
import type { RecordStore } from '../records/store.ts';
import type { RoutingTable } from '../routing-table/table.ts';
import type { Reply } from './neighbour.ts';

/** A reply without what belongs to one link. */
export type Answer = Omit<Reply, 'type' | 'id'>;

/** What this node says to a request by itself, without asking anybody. */
export interface Answers {
  answer(operation: DhtOperation): Promise<Answer>;
  /** Our own answer to a request about a key, and what came from behind us, in one. */
  merge(own: Answer, behind: Answer, key: Id): Answer;
}

export interface AnswersParts {
  readonly table: RoutingTable;
  readonly store: RecordStore;
  readonly signing: Signing;
  readonly random: Random;
  readonly log: Log;
}

export function emptyAnswer(outcome: ReplyOutcome, hops = 0): Answer {
  return { outcome, hops, nodes: [], answered: [], records: [] };
}

export function createAnswers({ table, store, signing, random, log }: AnswersParts): Answers {
  const near = (key: Id): Answer => ({
    outcome: 'ok',
    hops: 0,
    nodes: table.nearestToTell(key),
    answered: [table.self],
    records: [],
  });

  const recordsFor = (key: RecordKey): Bytes[] =>
    // In random order: where they do not all fit, other holders send others.
    withinBudget(shuffled(random, store.get(key)).map(({ bytes }) => bytes));

  const keep = async (raw: Bytes): Promise<ReplyOutcome> => {
    try {
      const record = await signing.open(raw);
      if (!table.isResponsible(record.key)) return 'refused';
      return store.put(record);
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      // Whoever handed it on need not be its author, and does not have to check it.
      log.debug('record refused', { code: cause.code });
      return 'refused';
    }
  };

  return {
    answer: async (operation): Promise<Answer> => {
      if (operation.type === 'ping') return { ...emptyAnswer('ok'), answered: [table.self] };
      if (operation.type === 'store') {
        return { ...emptyAnswer(await keep(operation.record)), answered: [table.self] };
      }
      const records = operation.type === 'find-value' ? recordsFor(operation.key) : [];
      return { ...near(operation.key), records };
    },
    merge: (own, behind, key) => ({
      outcome: 'ok',
      hops: behind.hops,
      // Our own stay in, so that a liar behind us cannot push them out with invented neighbours of the key.
      nodes: mergeNodes(own.nodes, behind.nodes, key),
      answered: unique([...own.answered, ...behind.answered]).slice(0, MAX_HOPS + 1),
      records: withinBudget(uniqueBytes([...own.records, ...behind.records])),
    }),
  };
}

function mergeNodes(own: readonly NodeId[], behind: readonly NodeId[], key: Id): NodeId[] {
  const others = behind.filter((node) => !own.includes(node));
  return [...own, ...closest(key, unique(others), MAX_REPLY_NODES - own.length)];
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

function uniqueBytes(items: readonly Bytes[]): Bytes[] {
  return [...new Map(items.map((item) => [toHex(item), item])).values()];
}

/** As many from the front as one reply has room for. */
function withinBudget(records: readonly Bytes[]): Bytes[] {
  const out: Bytes[] = [];
  let size = 0;
  for (const record of records) {
    // Its length in digits and the colon stand before it.
    size += record.byteLength + 5;
    if (size > MAX_REPLY_RECORD_BYTES) break;
    out.push(record);
  }
  return out;
}
