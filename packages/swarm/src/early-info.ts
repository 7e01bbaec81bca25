import type { Root } from '@tabswarm/protocol/ids';
import { MAX_INFO_BYTES } from '@tabswarm/protocol/swarm';
import { RefusedError, type Port } from './port.ts';

type AskOptions = Parameters<Port['ask']>[1];

/**
 * The info dictionary of a share, asked for along with saying that we take part: a round trip sooner than if the other
 * side's word that it has one were waited for. Nobody is judged by such a question, and nothing waits for its answer, before
 * that word is there and the question would be asked anyway.
 */
export interface EarlyInfo {
  /** It has been told that we take part, and has not answered. Of these one is asked at a time. */
  ask(port: Port): void;
  /** The question need not be answered any more, if that port was asked. */
  cancel(port: Port): void;
  /**
   * As `Port.ask` for the info dictionary, which may be on its way already. Nobody is asked early from then on: it would
   * come from two at once.
   */
  answer(port: Port, options: AskOptions): Promise<ArrayBuffer>;
  /** Nobody is asked any more. */
  stop(): void;
}

interface Early {
  readonly port: Port;
  readonly cancelled: AbortController;
  readonly bytes: Promise<ArrayBuffer>;
  received: number;
  onProgress: AskOptions['onProgress'];
}

export function createEarlyInfo(root: Root): EarlyInfo {
  let early: Early | undefined;
  let stopped = false;

  const stop = (): void => {
    stopped = true;
    early?.cancelled.abort();
    early = undefined;
  };

  /** What has begun becomes the answer to a question with these options. */
  const adopt = async (asked: Early, { signal, onProgress }: AskOptions): Promise<ArrayBuffer> => {
    const onAbort = (): void => asked.cancelled.abort(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    asked.onProgress = onProgress;
    if (asked.received > 0) onProgress?.(asked.received);
    try {
      return await asked.bytes;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  };

  return {
    ask(port) {
      if (early || stopped) return;
      const cancelled = new AbortController();
      const bytes = port.ask(
        { type: 'askInfo', root },
        {
          expect: { max: MAX_INFO_BYTES },
          signal: cancelled.signal,
          onProgress(received) {
            asked.received += received;
            asked.onProgress?.(received);
          },
        },
      );
      const asked: Early = { port, cancelled, bytes, received: 0, onProgress: undefined };
      early = asked;
      // Whoever gives nothing leaves it to the next one.
      bytes.catch(() => {
        if (early === asked) early = undefined;
      });
    },
    cancel(port) {
      if (early?.port !== port) return;
      early.cancelled.abort();
      early = undefined;
    },
    async answer(port, options) {
      const asked = early?.port === port ? early : undefined;
      if (asked) early = undefined;
      stop();
      try {
        if (asked) return await adopt(asked, options);
      } catch (cause) {
        // It had none then, and says now that it has one.
        if (!(cause instanceof RefusedError)) throw cause;
      }
      return port.ask({ type: 'askInfo', root }, options);
    },
    stop,
  };
}
