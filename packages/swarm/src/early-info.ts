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
  /** As `Port.ask` for the info dictionary, which may be on its way already. */
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

  const take = (port: Port): Early | undefined => {
    const taken = early?.port === port ? early : undefined;
    if (taken) early = undefined;
    return taken;
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
      bytes.catch(() => undefined);
      const asked: Early = { port, cancelled, bytes, received: 0, onProgress: undefined };
      early = asked;
    },
    cancel: (port) => take(port)?.cancelled.abort(),
    async answer(port, options) {
      const asked = take(port);
      const { signal, onProgress } = options;
      if (asked) {
        const onAbort = (): void => asked.cancelled.abort(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        asked.onProgress = onProgress;
        if (asked.received > 0) onProgress?.(asked.received);
        try {
          signal.throwIfAborted();
          return await asked.bytes;
        } catch (cause) {
          // It had none then, and says now that it has one.
          if (!(cause instanceof RefusedError)) throw cause;
        } finally {
          signal.removeEventListener('abort', onAbort);
        }
      }
      return port.ask({ type: 'askInfo', root }, options);
    },
    stop() {
      stopped = true;
      early?.cancelled.abort();
      early = undefined;
    },
  };
}
