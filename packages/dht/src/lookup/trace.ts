import type { Clock } from '@tabswarm/base';
import type { Id, NodeId } from '@tabswarm/protocol/ids';
import type { Carried } from '../rpc/router.ts';

/** What a lookup was for. `maintain` is the overlay looking after itself; all others somebody asked for. */
export type LookupPurpose = 'find-holders' | 'find-records' | 'find-nodes' | 'store' | 'maintain';

/** One request of a lookup: greedily to the key, or to one node by its id. */
export interface LookupPath {
  /** Whether it went to one node by its id, and not toward the key. */
  readonly named: boolean;
  /** The neighbour that the way began with, or the node that was asked by name. */
  readonly asked: NodeId;
  readonly outcome: 'asked' | 'answered' | 'failed';
  /** Nodes that the request is known to have been at, first hop first. Empty until the answer is here. */
  readonly nodes: readonly NodeId[];
  /** How far the answer came, which may be more than `nodes` tells: those on the way to a name stay unnamed. */
  readonly hops: number;
}

/** One lookup of this tab, as far as it has come. It tells of keys and nodes, never of a share's root. */
export interface LookupTrace {
  /** Tells lookups of this tab apart, and rises. */
  readonly id: number;
  readonly purpose: LookupPurpose;
  readonly key: Id;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Undefined while it runs. */
  readonly endedAt: number | undefined;
  /** In the order in which they were asked. */
  readonly paths: readonly LookupPath[];
  /** The nodes nearest to the key that answered, ourselves included, nearest first; empty before the end. */
  readonly nearest: readonly NodeId[];
  /** Valid records that were found. */
  readonly records: number;
  /** Nodes that said that they keep what was stored. */
  readonly keepers: number;
}

/** Takes down one lookup while it runs. */
export interface Tracer {
  /** It begins, and is among the traces from here on. */
  start(): void;
  /** A request leaves; what is returned takes its answer. */
  ask(asked: NodeId, how: { named: boolean }): (carried: Carried | undefined) => void;
  found(): void;
  kept(keepers: number): void;
  /** Without `nearest` where it was given up. */
  end(nearest?: readonly NodeId[]): void;
}

/** The last few lookups of this tab, for somebody who watches. */
export interface Traces {
  /** Undefined where nobody watches: then nothing is kept. */
  trace(purpose: LookupPurpose, key: Id): Tracer | undefined;
  /** Oldest first. */
  all(): readonly LookupTrace[];
}

/** Each bounded by MAX_LOOKUP_REQUESTS paths of at most MAX_HOPS + 1 nodes. */
const MAX_TRACES = 8;

export function createTraces(
  clock: Clock,
  { isWatched, onChange }: { isWatched: () => boolean; onChange: () => void },
): Traces {
  const traces: LookupTrace[] = [];
  let lastId = 0;

  const update = (id: number, change: Partial<LookupTrace>): void => {
    const at = traces.findIndex((trace) => trace.id === id);
    const trace = traces[at];
    // Newer ones may have pushed it out.
    if (!trace) return;
    traces[at] = { ...trace, ...change };
    onChange();
  };

  return {
    trace(purpose, key) {
      if (!isWatched()) return undefined;
      lastId += 1;
      const id = lastId;
      let paths: readonly LookupPath[] = [];
      let records = 0;
      return {
        start() {
          const startedAt = clock.now();
          const nothing = { endedAt: undefined, paths, nearest: [], keepers: 0 };
          traces.push({ id, purpose, key, startedAt, records, ...nothing });
          if (traces.length > MAX_TRACES) traces.splice(leastTelling(traces), 1);
          onChange();
        },
        ask(asked, { named }) {
          const index = paths.length;
          paths = [...paths, { asked, named, outcome: 'asked', nodes: [], hops: 0 }];
          update(id, { paths });
          return (carried) => {
            const path = { asked, named };
            paths = paths.with(index, carried ? answered(path, carried) : failed(path));
            update(id, { paths });
          };
        },
        found() {
          records += 1;
          update(id, { records });
        },
        kept: (keepers) => update(id, { keepers }),
        end(nearest = []) {
          paths = paths.map((path) => (path.outcome === 'asked' ? failed(path) : path));
          update(id, { paths, nearest, endedAt: clock.now() });
        },
      };
    },
    all: () => [...traces],
  };
}

/** Which one makes room: the overlay looks around every minute, and must not push out what a person did. */
function leastTelling(traces: readonly LookupTrace[]): number {
  const routine = traces.slice(0, -1).findIndex(({ purpose }) => purpose === 'maintain');
  return Math.max(0, routine);
}

type Asked = Pick<LookupPath, 'asked' | 'named'>;

function answered({ asked, named }: Asked, { answer, by }: Carried): LookupPath {
  return {
    asked,
    named,
    outcome: 'answered',
    nodes: [...new Set([by, ...answer.answered])],
    hops: answer.hops,
  };
}

function failed({ asked, named }: Asked): LookupPath {
  return { asked, named, outcome: 'failed', nodes: [], hops: 0 };
}
