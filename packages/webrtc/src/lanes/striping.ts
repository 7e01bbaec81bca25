import { errorText, sleep, type Clock, type Log } from '@tabswarm/base';
import type { NodeId } from '@tabswarm/protocol/ids';
import { MAX_CONNECTIONS } from '@tabswarm/protocol/link';
import type { Outbox } from '../outbox.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';

/** A connection that is new, or has just begun to send, has found its rate by then. */
const SETTLE_MS = 1_500;
/** A rate is measured over so long: on a lossy path it goes up and down by the second. */
const SPAN_MS = 2_500;
/** What further lanes must raise the rate by. */
const MIN_GAIN = 1.25;
/** A lower gain is looked at again with the lanes paused: it may be that the connections before only had a bad time. */
const SURE_GAIN = 1.5;
/** On a shorter path a connection makes up for a loss so soon that others beside it gain nothing. */
const MIN_ROUND_TRIP_MS = 5;
/** Bytes a second. Where it is that fast already, what keeps it from being faster is rarely the path. */
const MAX_RATE = 8 * 1024 * 1024;
/** Of a span, the part in which something had to wait for the path. With less, it is not what keeps the rate low. */
const FULL_SHARE = 0.8;
/** After lanes that were of no use none are tried for so long, then twice as long each time. */
const TRY_AGAIN_MS = 60_000;
const MAX_TRY_AGAIN_MS = 16 * 60_000;
/** Lanes that carry nothing are closed after this time. */
const IDLE_MS = 30_000;

export interface Striping {
  /** To be called when something has to wait for the path. */
  onFull(): void;
}

export interface StripingCollaborators {
  readonly outbox: Pick<Outbox, 'bytesDrained' | 'fullMs'>;
  readonly lanes: Pick<Lanes, 'count' | 'open' | 'close' | 'pause' | 'resume'>;
  /** The shortest round trip that was seen on the link, in milliseconds. */
  readonly leastRttMs: () => number | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

interface Measured {
  /** Bytes a second. */
  readonly rate: number;
  /** The part of the time in which something waited, 0 to 1. */
  readonly full: number;
}

/**
 * Decides whether a link sends over more connections than one. A connection backs off for each packet that is lost, and
 * the longer the path, the longer it takes to come back; several lose less each. Whether that pays is found out by
 * trying: as many lanes again as there are connections, which stay where the rate rises by MIN_GAIN, and by as much above
 * what it falls to without them.
 */
export function createStriping(
  { outbox, lanes, leastRttMs, clock, log }: StripingCollaborators,
  { remote, closed }: { readonly remote: NodeId; readonly closed: AbortSignal },
): Striping {
  let ours: Lane[] = [];
  let isWatching = false;
  let notBefore = -Infinity;
  let tryAgainMs = TRY_AGAIN_MS;

  const pause = (): Promise<void> => sleep(clock, SETTLE_MS, { signal: closed });

  const measure = async (): Promise<Measured> => {
    const [at, drained, full] = [clock.now(), outbox.bytesDrained(), outbox.fullMs()];
    await sleep(clock, SPAN_MS, { signal: closed });
    const ms = clock.now() - at;
    return {
      rate: ((outbox.bytesDrained() - drained) * 1_000) / ms,
      full: (outbox.fullMs() - full) / ms,
    };
  };

  const mayTry = ({ rate, full }: Measured): boolean =>
    full >= FULL_SHARE &&
    rate > 0 &&
    rate <= MAX_RATE &&
    clock.now() >= notBefore &&
    lanes.count() + 1 < MAX_CONNECTIONS &&
    (leastRttMs() ?? 0) >= MIN_ROUND_TRIP_MS;

  const putOff = (): void => {
    notBefore = clock.now() + tryAgainMs;
    tryAgainMs = Math.min(MAX_TRY_AGAIN_MS, 2 * tryAgainMs);
  };

  /** The better one of two spans: one that is unlucky settles nothing. A first that is good `enough` stands alone. */
  const measureTwice = async (enough: number): Promise<Measured> => {
    const first = await measure();
    return first.rate >= enough ? first : faster(first, await measure());
  };

  const without = async (made: readonly Lane[], enough: number): Promise<Measured> => {
    lanes.pause(made);
    await pause();
    const measured = await measureTwice(enough);
    lanes.resume(made);
    return measured;
  };

  const attempt = async (before: Measured): Promise<Measured> => {
    const connections = lanes.count() + 1;
    const made = await lanes.open(Math.min(connections, MAX_CONNECTIONS - connections));
    if (made.length === 0) {
      putOff();
      return measure();
    }
    await pause();
    const after = await measureTwice(SURE_GAIN * before.rate);
    const isSure = after.rate >= SURE_GAIN * before.rate || after.rate < MIN_GAIN * before.rate;
    const control = isSure ? before : await without(made, after.rate / MIN_GAIN);
    // A rate without them that is no higher, as there was less to send, says nothing against them.
    const gain = after.rate / Math.max(before.rate, control.rate);
    const areAlive = lanes.count() + 1 >= connections + made.length;
    const isKept = areAlive && gain >= MIN_GAIN;
    log.info(isKept ? 'lanes are kept' : 'lanes are of no use', {
      peer: remote,
      connections: connections + made.length,
      gain: Math.round(gain * 100) / 100,
    });
    if (isKept) {
      ours.push(...made);
      tryAgainMs = TRY_AGAIN_MS;
      return after;
    }
    lanes.close(made);
    // Where there was no more to send meanwhile, nothing was learned. One that died would die again.
    if (!areAlive || after.full >= FULL_SHARE) putOff();
    return measure();
  };

  const watch = async (): Promise<void> => {
    await pause();
    let measured = await measure();
    for (;;) {
      // With little to send the first connection carries all of it.
      const idle = ours.filter((lane) => clock.now() - lane.usedAt() >= IDLE_MS);
      ours = ours.filter((lane) => !idle.includes(lane));
      lanes.close(idle);
      if (measured.full === 0 && lanes.count() === 0) return;
      // A new connection sends more than the path takes, and may need seconds to come back from that, which further ones
      // would only seem to gain: what they are held against is the better one of two spans.
      if (mayTry(measured)) measured = await attempt(faster(measured, await measure()));
      else {
        const known = lanes.count();
        measured = await measure();
        // One that died would die again.
        if (lanes.count() < known) putOff();
      }
    }
  };

  return {
    onFull() {
      if (isWatching) return;
      isWatching = true;
      watch()
        .catch((cause: unknown) => {
          if (!closed.aborted) log.error('striping failed', { peer: remote, cause: errorText(cause) });
        })
        .finally(() => {
          isWatching = false;
        });
    },
  };
}

function faster(a: Measured, b: Measured): Measured {
  return a.rate > b.rate ? a : b;
}
