import { abortable, errorText, shuffled, sleep, type Clock, type Log, type Random } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Verdict } from './library.ts';
import type { Port, Question } from './port.ts';
import type { Usefulness } from './usefulness.ts';

/** With nobody left to ask, the sources are asked again after this, unless a new one joins before. */
const ASK_AGAIN_MS = 2_000;
/** While nothing of an answer has come for so long another one is asked, as long as no more than so many were. */
const ASK_ANOTHER_MS = 2_000;
const MAX_ASKED = 4;

/** Asks for what is small and comes before the blocks: of one source after the other, and not only of one at a time. */
export interface Asker {
  /** Resolves when one of them gave what `put` accepts; rejects as `put` does, or with `signal.reason`. */
  ask(question: Question, options: AskOptions): Promise<void>;
}

export interface AskOptions {
  /** Bytes of the longest answer. */
  readonly max: number;
  /** What else than `Port.ask` gets the answer. */
  readonly answer?: ((port: Port, options: Parameters<Port['ask']>[1]) => Promise<ArrayBuffer>) | undefined;
  readonly put: (bytes: ArrayBuffer) => Promise<Verdict>;
  readonly onCorrupt: (port: Port) => void;
  readonly signal: AbortSignal;
}

export interface AskerParts {
  readonly ports: ReadonlyMap<NodeId, Port>;
  /** Whether it can be asked. */
  readonly isAskable: (port: Port) => boolean;
  readonly usefulness: Usefulness;
  /** Resolves when a source has come or gone, or tells of more. */
  readonly change: () => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export function createAsker(parts: AskerParts): Asker {
  const { ports, isAskable, usefulness, change, clock, random, log } = parts;

  /** Any of those that were asked in vain for the shortest time. */
  const nextOf = (asked: ReadonlySet<Port>): Port | undefined =>
    shuffled(random, ports.values())
      .filter((port) => !asked.has(port) && isAskable(port))
      .toSorted((a, b) => usefulness.vainMs(a) - usefulness.vainMs(b))[0];

  /** What came from there; undefined where nothing did. */
  const askOne = async (
    port: Port,
    question: Question,
    {
      max,
      answer = (asked, options) => asked.ask(question, options),
      signal,
      onProgress,
    }: Pick<AskOptions, 'max' | 'answer' | 'signal'> & { onProgress: () => void },
  ): Promise<ArrayBuffer | undefined> => {
    usefulness.onAsked(port);
    try {
      const bytes = await answer(port, { expect: { max }, signal, onProgress });
      usefulness.onOver(port, 'answered');
      return bytes;
    } catch (cause) {
      usefulness.onOver(port, signal.aborted || port.closed.aborted ? 'withdrawn' : 'vain');
      if (!signal.aborted) log.info('asking the next source', { peer: port.remote, cause: errorText(cause) });
      return undefined;
    }
  };

  /** Whether somebody gave what was accepted. */
  const askAll = async (
    question: Question,
    { max, answer, put, onCorrupt, signal }: AskOptions,
  ): Promise<boolean> => {
    const over = new AbortController();
    const joined = AbortSignal.any([signal, over.signal]);
    const asked = new Set<Port>();
    /** When something of an answer last came. */
    let heardAt = -Infinity;
    const open = new Map<Port, Promise<{ port: Port; bytes: ArrayBuffer | undefined }>>();

    const begin = (port: Port): void => {
      asked.add(port);
      const onProgress = (): void => {
        heardAt = clock.now();
        usefulness.onBytes(port);
      };
      const came = askOne(port, question, { max, answer, signal: joined, onProgress });
      open.set(
        port,
        came.then((bytes) => ({ port, bytes })),
      );
    };

    try {
      for (;;) {
        signal.throwIfAborted();
        const isQuiet = clock.now() - heardAt >= ASK_ANOTHER_MS;
        const mayAsk = open.size === 0 || (isQuiet && open.size < MAX_ASKED);
        const next = mayAsk ? nextOf(asked) : undefined;
        if (next) begin(next);
        if (open.size === 0) return false;
        const ended = await first(open.values(), joined);
        if (!ended) continue;
        const { port, bytes } = ended;
        open.delete(port);
        if (!bytes || !isAskable(port)) continue;
        if ((await put(bytes)) === 'kept') return true;
        onCorrupt(port);
      }
    } finally {
      over.abort();
    }
  };

  /** The first of them that comes, or undefined where none does before it is time to ask another source. */
  const first = async <T>(answers: Iterable<Promise<T>>, signal: AbortSignal): Promise<T | undefined> => {
    const come = new AbortController();
    const waited = sleep(clock, ASK_ANOTHER_MS, { signal: AbortSignal.any([signal, come.signal]) });
    try {
      return (await Promise.race([...answers, waited])) ?? undefined;
    } finally {
      come.abort();
    }
  };

  return {
    async ask(question, options) {
      const { signal } = options;
      for (;;) {
        const again = new AbortController();
        const more = Promise.race([change(), sleep(clock, ASK_AGAIN_MS, { signal: again.signal })]);
        more.catch(() => undefined);
        try {
          if (await askAll(question, options)) return;
          await abortable(more, signal);
        } finally {
          again.abort();
        }
      }
    },
  };
}
