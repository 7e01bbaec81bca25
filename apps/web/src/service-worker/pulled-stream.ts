import type { Found } from './finder.ts';
import type { ReadMessage, SourceMessage } from './messages.ts';
import type { ByteRange } from './range.ts';
import type { WorkerScope } from './scope.ts';

/** How soon it is noticed that the page which sends has gone. */
const LOOK_MS = 2_000;

/**
 * The bytes of a page's resource, asked for one piece after the other: the page reads no faster than whoever asked for
 * the file. Pieces go over a port in every browser; streams that are handed over whole do so in some only, and give no
 * sign when their other end has gone.
 */
export function pulledStream(
  { port, client }: Found,
  range: ByteRange,
  { clients }: WorkerScope,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const say = (message: ReadMessage): void => port.postMessage(message);
  let onAnswer: ((message: SourceMessage) => void) | undefined;

  port.addEventListener('message', ({ data }: MessageEvent<SourceMessage>) => {
    if (data.type === 'ping') say({ type: 'pong' });
    else onAnswer?.(data);
  });
  say({ type: 'open', ...range });

  /** Resolves with what the page sends next; as if it had failed where the page is no more. */
  const pull = (): Promise<SourceMessage> =>
    new Promise((resolve) => {
      const look = async (): Promise<void> => {
        if ((await clients.get(client)) === undefined) answer({ type: 'failed' });
      };
      const watch = setInterval(() => void look(), LOOK_MS);
      const answer = (message: SourceMessage): void => {
        clearInterval(watch);
        onAnswer = undefined;
        resolve(message);
      };
      onAnswer = answer;
      say({ type: 'pull' });
    });

  return new ReadableStream({
    async pull(controller) {
      const message = await pull();
      if (message.type === 'bytes') {
        controller.enqueue(new Uint8Array(message.bytes));
        return;
      }
      port.close();
      if (message.type === 'end') controller.close();
      else controller.error(new TypeError('the page could not give the rest of the file'));
    },
    cancel() {
      say({ type: 'cancel' });
      port.close();
    },
  });
}
