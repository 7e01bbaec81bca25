import { createDeferred, errorText, every, type Clock, type Log, type Random } from '@tabswarm/base';
import type { Claim, Inflow } from './inflow.ts';
import type { Inspection } from './inspection.ts';
import type { Holding } from './library.ts';
import { createPicker, type Asked } from './picker.ts';
import { createPlaces } from './places.ts';
import { RefusedError, StalledError, type Port } from './port.ts';
import { createSource, type Ask, type Source, type SourceView } from './source.ts';
import type { Window } from './urges.ts';
import type { Usefulness } from './usefulness.ts';

/** What was received and is not yet stored, which a crash loses; beyond that the wire waits for the disk. */
const MAX_UNSTORED_BYTES = 2 * 1024 * 1024;
/** A source that had no time or stalled is left alone for so long. */
const PAUSE_MS = 1_000;
/** Who should be asked for what else is thought over so often, as sources get slower without anything happening. */
const REVIEW_MS = 500;
/** A source is asked for what the others had sooner where that takes no longer than this. */
const PATIENCE_SECONDS = 2;
/** A block is asked for again where it would be here in so much less than the time that it will take else. */
const MUCH_SOONER = 0.5;

/** Fetches the missing blocks of one share from all sources at once. */
export interface BlockFetch {
  run(signal: AbortSignal): Promise<void>;
  add(port: Port): void;
  remove(port: Port): void;
  onHave(port: Port, indexes: readonly number[]): void;
  /** It has time for us now. */
  onUnchoked(port: Port): void;
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
  readonly inspection: Inspection;
  /** Told of what is asked for and what comes; whoever is of no use is asked after the others. */
  readonly usefulness: Usefulness;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** A block of it was right. */
  readonly onGiven: (port: Port) => void;
  readonly onCorrupt: (port: Port, index: number) => void;
}

/** The share's layout must be known. */
export function createBlockFetch({
  holding,
  windows,
  isKnown,
  inflow,
  inspection,
  usefulness,
  clock,
  random,
  log,
  onGiven,
  onCorrupt,
}: BlockFetchCollaborators): BlockFetch {
  const layout = holding.layout();
  const lengths = layout?.blockLengths ?? new Uint32Array();
  const picker = createPicker(
    {
      lengths,
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
  let unstoredBytes = 0;
  /** A block has come. */
  let begun = false;
  const places = createPlaces(clock);

  const haveOf = (port: Port): Uint8Array => port.holdings.get(holding.root)?.have ?? new Uint8Array();

  const finishIfComplete = (): boolean => {
    if (!holding.isChosen() || !picker.isDone()) return false;
    done.resolve();
    return true;
  };

  /** Whoever else is still sending the block may stop. */
  const stopOthers = (index: number): void => {
    for (const { inFlight } of sources.values()) inFlight.get(index)?.cancel.abort();
  };

  /** Somebody has begun to send it: who was asked as well and has not can spare the effort. */
  const stopUnbegun = (index: number): void => {
    for (const { inFlight } of sources.values()) {
      const ask = inFlight.get(index);
      if (ask?.received === 0) ask.cancel.abort();
    }
  };

  const onBlock = (index: number): void => {
    picker.done(index);
    stopOthers(index);
  };

  const isRead = (): boolean => [...windows()].length > 0;
  const outstanding = (): number =>
    [...sources.values()].reduce((sum, source) => sum + source.outstanding, 0);
  /** Whoever gives nothing is asked for one block at a time, so that it keeps few from coming from others. */
  const hasRoom = (source: Source): boolean =>
    source.room(isRead()) > 0 && (source.inFlight.size === 0 || !usefulness.isVain(source.port));
  const mayAsk = (source: Source): boolean =>
    !source.port.choked() &&
    hasRoom(source) &&
    unstoredBytes < MAX_UNSTORED_BYTES &&
    claim?.mayAsk(outstanding()) === true &&
    places.take(source);

  /** How long all sources together will take for the rest. */
  const secondsLeft = (): number => {
    let rate = 0;
    for (const { meter } of sources.values()) rate += meter.rate();
    return rate > 0 ? picker.missingBytes() / rate : Infinity;
  };

  /** Who were asked for a block. Those who give nothing count for none but those who give nothing either. */
  const askedFor = (source: Source, index: number): Source[] => {
    const countsVain = usefulness.isVain(source.port);
    return [...sources.values()].filter(
      ({ port, inFlight }) => inFlight.has(index) && (countsVain || !usefulness.isVain(port)),
    );
  };

  /** By how much sooner a block would come from this source than from those who were asked for it. */
  const gainOf = (source: Source, index: number): number => {
    const soonest = Math.min(...askedFor(source, index).map(({ secondsUntil }) => secondsUntil(index)));
    const here = source.secondsFor(lengths[index] ?? 0);
    return here < soonest * MUCH_SOONER ? Math.min(soonest - here, Number.MAX_SAFE_INTEGER) : 0;
  };

  const serve = (source: Source): void => {
    if (source.dry || over.signal.aborted || !source.isDue(isRead()) || !mayAsk(source)) return;
    const have = haveOf(source.port);
    const notNow = refused.get(source.port);
    const patience = Math.max(PATIENCE_SECONDS, secondsLeft());
    const asked: Asked = {
      mine: (index) =>
        source.inFlight.has(index) || unstored.has(index) || notNow?.has(index) === true || !isKnown(index),
      inTime: (index) => source.secondsFor(lengths[index] ?? 0) <= patience,
      others: (index) => askedFor(source, index).length,
      gain: (index) => gainOf(source, index),
    };
    while (mayAsk(source)) {
      const index = picker.pick(have, asked);
      if (index === undefined) {
        source.dry = true;
        return;
      }
      void fetchBlock(source, index);
    }
  };

  const pump = (): void => {
    if (over.signal.aborted || finishIfComplete()) return;
    for (const isVain of [false, true]) {
      for (const source of sources.values()) {
        if (usefulness.isVain(source.port) !== isVain) continue;
        source.dry = false;
        serve(source);
        // Whoever has nothing for us, or no time, makes room for others.
        if (source.inFlight.size === 0) places.leave(source);
      }
    }
  };

  /** Sources get slower, or of no use, without anything happening. */
  const review = (): void => {
    places.review();
    for (const source of sources.values()) if (usefulness.isVain(source.port)) places.leave(source);
    pump();
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
      places.leave(source);
    } else return;
    log.info('a source did not deliver', { peer: port.remote, index, cause: errorText(cause) });
  };

  const fetchBlock = async (source: Source, index: number): Promise<void> => {
    const { port, meter, inFlight } = source;
    const length = lengths[index] ?? 0;
    const cancel = new AbortController();
    const ask: Ask = { cancel, length, askedAt: clock.now(), received: 0 };
    inFlight.set(index, ask);
    source.outstanding += length;
    picker.asked(index);
    usefulness.onAsked(port);
    let how: Parameters<Usefulness['onOver']>[1] | undefined = 'withdrawn';
    try {
      const bytes = await port.ask(
        { type: 'askBlock', root: holding.root, index },
        {
          expect: { exact: length },
          signal: cancel.signal,
          onProgress(received) {
            meter.add(received);
            usefulness.onBytes(port);
            ask.received += received;
            if (ask.received === received) stopUnbegun(index);
            source.outstanding -= received;
            serve(source);
          },
        },
      );
      source.snubbed = false;
      how = undefined;
      // How long we take to look at it and to store it is not the source's doing.
      usefulness.onOver(port, 'answered');
      inFlight.delete(index);
      await keep(port, index, bytes);
    } catch (cause) {
      if (!cancel.signal.aborted && !over.signal.aborted) {
        if (!port.closed.aborted) how = 'vain';
        onFailure(source, index, cause);
      }
    } finally {
      if (how) usefulness.onOver(port, how);
      inFlight.delete(index);
      source.outstanding -= length - ask.received;
      picker.released(index);
      if (source.snubbed) clock.after(PAUSE_MS, pump);
      else pump();
    }
  };

  const keep = async (port: Port, index: number, bytes: ArrayBuffer): Promise<void> => {
    // Whoever stores it takes the bytes with them.
    const { byteLength } = bytes;
    unstored.add(index);
    unstoredBytes += byteLength;
    try {
      const verdict = await inspection.look(port.remote, {
        put: (onVerified) => holding.putBlock(index, bytes, onVerified),
        onVerified() {
          if (!begun) log.info('the first block is here', { root: holding.root, index });
          begun = true;
          usefulness.onRight(port);
          onGiven(port);
          stopOthers(index);
        },
        onCorrupt: () => onCorrupt(port, index),
      });
      if (verdict === 'kept') onBlock(index);
    } catch (cause) {
      // Verified or not, it cannot be stored: no other source would help.
      done.reject(cause);
    } finally {
      unstored.delete(index);
      unstoredBytes -= byteLength;
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
        every(clock, () => REVIEW_MS, review, { signal: over.signal });
        await done.promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
        over.abort();
        for (const { inFlight } of sources.values()) for (const ask of inFlight.values()) ask.cancel.abort();
        claim?.release();
      }
    },
    add(port) {
      if (sources.has(port)) return;
      sources.set(port, createSource(port, clock));
      picker.count(haveOf(port), 1);
      pump();
    },
    remove(port) {
      const source = sources.get(port);
      if (!source) return;
      sources.delete(port);
      places.leave(source);
      refused.delete(port);
      picker.count(haveOf(port), -1);
      for (const { cancel } of source.inFlight.values()) cancel.abort();
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
    onUnchoked(port) {
      if (sources.has(port)) pump();
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
