import { discarded } from '@tabswarm/base';
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
  let over = false;
  let onAnswer: (() => void) | undefined;
  const leave = (): void => {
    over = true;
    port.close();
  };

  return new ReadableStream({
    start(controller) {
      port.addEventListener('message', ({ data }: MessageEvent<SourceMessage>) => {
        if (over) return;
        if (data.type === 'ping') {
          say({ type: 'pong' });
          return;
        }
        if (data.type === 'bytes') {
          discarded(data.bytes.byteLength);
          controller.enqueue(new Uint8Array(data.bytes));
        } else {
          leave();
          if (data.type === 'end') controller.close();
          // Said only once, and it may be while nobody takes anything: whoever pauses must not be left to wait for more.
          else breakOff(controller);
        }
        onAnswer?.();
      });
      say({ type: 'open', ...range });
    },
    pull: (controller) =>
      new Promise((resolve) => {
        const look = async (): Promise<void> => {
          if ((await clients.get(client)) !== undefined || over) return;
          leave();
          breakOff(controller);
          onAnswer?.();
        };
        const watch = setInterval(() => void look(), LOOK_MS);
        onAnswer = () => {
          clearInterval(watch);
          onAnswer = undefined;
          resolve();
        };
        say({ type: 'pull' });
      }),
    cancel() {
      say({ type: 'cancel' });
      leave();
      onAnswer?.();
    },
  });
}

function breakOff(controller: ReadableStreamDefaultController): void {
  controller.error(new TypeError('the page could not give the rest of the file'));
}
