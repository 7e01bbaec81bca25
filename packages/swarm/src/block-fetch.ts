import { createDeferred, errorText, type Clock, type Log, type Random } from '@tabswarm/base';
import type { Claim, Inflow } from './inflow.ts';
import type { Holding } from './library.ts';
import { createPicker } from './picker.ts';
import { RefusedError, StalledError, type Port } from './port.ts';
import { createSource, type Source, type SourceView } from './source.ts';
import type { Window } from './urges.ts';

/** Blocks received and not yet stored; beyond that the wire waits for the disk. 16 MiB of blocks of 256 KiB. */
const MAX_UNSTORED = 64;
/** A source that had no time or stalled is left alone for so long. */
const PAUSE_MS = 1_000;

/** Fetches the missing blocks of one share from all sources at once. */
export interface BlockFetch {
  run(signal: AbortSignal): Promise<void>;
  add(port: Port): void;
  remove(port: Port): void;
  onHave(port: Port, indexes: readonly number[]): void;
  onKept(indexes: readonly number[]): void;
  /** What is wanted of the share has changed. */
  onWanted(): void;
  /** What is being read, or can be verified, has changed. */
  onRead(): void;
  sources(): readonly SourceView[];
}

export interface BlockFetchCollaborators {
  readonly holding: Holding;
  /** What is being read now. */
  readonly windows: () => Iterable<Window>;
  /** Whether a block can be verified already; what cannot is not asked for. */
  readonly isKnown: (index: number) => boolean;
  readonly inflow: Inflow;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly onCorrupt: (port: Port, index: number) => void;
}

/** The share's layout must be known. */
export function createBlockFetch({
  holding,
  windows,
  isKnown,
  inflow,
  clock,
  random,
  log,
  onCorrupt,
}: BlockFetchCollaborators): BlockFetch {
  const layout = holding.layout();
  const lengths = layout?.blockLengths ?? new Uint32Array();
  const picker = createPicker(
    {
      blockCount: lengths.length,
      urgentBlocks: layout?.urgentBlocks ?? 0,
      windows,
      priorities: holding.priorities(),
    },
    holding.have(),
    random,
  );
  const sources = new Map<Port, Source>();
  /** Blocks that a source said it has and then refused. */
  const refused = new Map<Port, Set<number>>();
  const over = new AbortController();
  const done = createDeferred<void>();
  /** Blocks that have come and are being verified and stored. */
  const unstored = new Set<number>();
  let claim: Claim | undefined;

  const haveOf = (port: Port): Uint8Array => port.holdings.get(holding.root)?.have ?? new Uint8Array();

  const finishIfComplete = (): boolean => {
    if (!holding.isChosen() || !picker.isDone()) return false;
    done.resolve();
    return true;
  };

  /** The block is here: whoever else is still sending it may stop. */
  const onBlock = (index: number): void => {
    picker.done(index);
    for (const { inFlight } of sources.values()) inFlight.get(index)?.abort();
  };

  const isRead = (): boolean => [...windows()].length > 0;
  const outstanding = (): number =>
    [...sources.values()].reduce((sum, source) => sum + source.outstanding, 0);
  const mayAsk = (source: Source): boolean =>
    !source.port.choked() &&
    source.room(isRead()) > 0 &&
    unstored.size < MAX_UNSTORED &&
    claim?.mayAsk(outstanding()) === true;

  const pump = (): void => {
    if (over.signal.aborted || finishIfComplete()) return;
    for (const source of sources.values()) {
      const have = haveOf(source.port);
      const notNow = refused.get(source.port);
      const isMine = (index: number): boolean =>
        source.inFlight.has(index) || unstored.has(index) || notNow?.has(index) === true || !isKnown(index);
      while (mayAsk(source)) {
        const index = picker.pick(have, isMine);
        if (index === undefined) break;
        void fetchBlock(source, index);
      }
    }
  };

  const onFailure = (source: Source, index: number, cause: unknown): void => {
    const { port } = source;
    // It says when it has time for us.
    if (cause instanceof RefusedError && cause.reason === 'choked') return;
    if (cause instanceof RefusedError && cause.reason === 'absent') {
      const blocks = refused.get(port) ?? new Set();
      refused.set(port, blocks.add(index));
    } else if (cause instanceof RefusedError || cause instanceof StalledError) {
      source.snubbed = true;
    } else return;
    log.info('a source did not deliver', { peer: port.remote, index, cause: errorText(cause) });
  };

  const fetchBlock = async (source: Source, index: number): Promise<void> => {
    const { port, meter, inFlight } = source;
    const length = lengths[index] ?? 0;
    const cancel = new AbortController();
    let expected = length;
    inFlight.set(index, cancel);
    source.outstanding += length;
    picker.asked(index);
    try {
      const bytes = await port.ask(
        { type: 'askBlock', root: holding.root, index },
        {
          expect: { exact: length },
          signal: AbortSignal.any([cancel.signal, over.signal]),
          onProgress(received) {
            meter.add(received);
            expected -= received;
            source.outstanding -= received;
            pump();
          },
        },
      );
      source.snubbed = false;
      inFlight.delete(index);
      await keep(port, index, bytes);
    } catch (cause) {
      if (!cancel.signal.aborted && !over.signal.aborted) onFailure(source, index, cause);
    } finally {
      inFlight.delete(index);
      source.outstanding -= expected;
      picker.released(index);
      if (source.snubbed) clock.after(PAUSE_MS, pump);
      else pump();
    }
  };

  const keep = async (port: Port, index: number, bytes: ArrayBuffer): Promise<void> => {
    unstored.add(index);
    try {
      if ((await holding.putBlock(index, bytes)) === 'kept') onBlock(index);
      else onCorrupt(port, index);
    } catch (cause) {
      // Verified or not, it cannot be stored: no other source would help.
      done.reject(cause);
    } finally {
      unstored.delete(index);
    }
  };

  return {
    async run(signal) {
      const onAbort = (): void => done.reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        signal.throwIfAborted();
        claim = inflow.claim(pump);
        pump();
        await done.promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
        over.abort();
        claim?.release();
      }
    },
    add(port) {
      if (sources.has(port)) return;
      sources.set(port, createSource(port, clock));
      port.onMessage(({ type }) => {
        if (type === 'unchoke') pump();
      });
      picker.count(haveOf(port), 1);
      pump();
    },
    remove(port) {
      const source = sources.get(port);
      if (!source) return;
      sources.delete(port);
      refused.delete(port);
      picker.count(haveOf(port), -1);
      for (const cancel of source.inFlight.values()) cancel.abort();
      pump();
    },
    onHave(port, indexes) {
      if (!sources.has(port)) return;
      for (const index of indexes) {
        picker.countOne(index);
        refused.get(port)?.delete(index);
      }
      pump();
    },
    onKept(indexes) {
      for (const index of indexes) onBlock(index);
      pump();
    },
    onWanted() {
      picker.want(holding.priorities());
      pump();
    },
    onRead: pump,
    sources: () =>
      [...sources.values()].map(({ port, meter }) => ({
        peer: port.remote,
        bytes: meter.total(),
        rate: meter.rate(),
        choked: port.choked(),
      })),
  };
}
