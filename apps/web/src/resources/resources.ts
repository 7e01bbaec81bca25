import { discarded, every, type Clock, type Random } from '@tabswarm/base';
import { encodeName } from '../service-worker/encode-name.ts';
import {
  RESOURCE_PATH,
  type AskMessage,
  type PageMessage,
  type ReadMessage,
  type ResourceFacts,
  type SourceMessage,
} from '../service-worker/messages.ts';
import type { ByteRange } from '../service-worker/range.ts';

/**
 * Browsers stop a service worker that has had nothing to do for 30 s, also in the middle of a long answer. So often it is
 * told that it is needed, and each reader is asked whether it is still there.
 */
const STAY_MS = 10_000;
const ID_BYTES = 16;

/** Something that the page can give out under a URL of its own, to players, viewers and the browser's downloads. */
export interface Resource extends Omit<ResourceFacts, 'seekable'> {
  /** Where it can be read from its beginning only, as a ZIP that is made on the way; true where it is not given. */
  readonly seekable?: boolean;
  /** Its bytes from `start` up to `end`; cancelled by whoever reads them when they leave off. */
  readonly open: (range: ByteRange) => ReadableStream<Uint8Array>;
}

export interface Published {
  /** Good as long as this page is open and has not closed it. */
  readonly url: string;
  /** Ends what is being read of it. */
  close(): void;
}

export interface Resources {
  /** Rejects with a NoServiceWorkerError where the browser has none for this page. */
  publish(resource: Resource): Promise<Published>;
}

export interface ResourcesParts {
  /** Where the worker's questions come in. */
  readonly questions: Pick<ServiceWorkerContainer, 'addEventListener' | 'startMessages'>;
  /** The worker in charge of this page, once there is one. */
  readonly worker: () => Promise<{ postMessage(message: PageMessage, transfer: Transferable[]): void }>;
  /** The page's address, as `document.baseURI`. */
  readonly base: string;
  readonly clock: Clock;
  readonly random: Random;
}

export function createResources({ questions, worker, base, clock, random }: ResourcesParts): Resources {
  const resources = new Map<string, { readonly resource: Resource; readonly over: AbortController }>();

  questions.addEventListener('message', ({ data, ports: [port] }) => {
    const { type, id } = data as AskMessage;
    if (type !== 'ask' || !port) return;
    const known = resources.get(id);
    const say = (message: SourceMessage): void => port.postMessage(message);
    if (!known) {
      say({ type: 'unknown' });
      port.close();
      return;
    }
    const { name, type: media, length, use, seekable = true } = known.resource;
    const over = new AbortController();
    serve(port, known.resource, AbortSignal.any([over.signal, known.over.signal]), () => over.abort());
    say({ type: 'here', facts: { name, type: media, length, use, seekable } });
  });
  questions.startMessages();

  /** Answers one request until all is said or `leave` is called. */
  const serve = (port: MessagePort, resource: Resource, over: AbortSignal, leave: () => void): void => {
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    let heard = true;
    let ended = false;
    const say = (message: SourceMessage, transfer: Transferable[] = []): void =>
      port.postMessage(message, transfer);

    const open = (range: ByteRange): void => {
      try {
        reader = resource.open(range).getReader();
      } catch {
        leave();
      }
    };
    const give = async (from: ReadableStreamDefaultReader<Uint8Array>): Promise<void> => {
      try {
        const { done, value } = await from.read();
        if (over.aborted) return;
        if (done) {
          ended = true;
          say({ type: 'end' });
          leave();
          return;
        }
        const bytes = wholeBuffer(value);
        discarded(bytes.byteLength);
        say({ type: 'bytes', bytes }, [bytes]);
      } catch {
        leave();
      }
    };

    over.addEventListener('abort', () => {
      // Whoever opened it knows why. The other side can only be told that there is no more.
      if (!ended) say({ type: 'failed' });
      reader?.cancel().catch(() => undefined);
      port.close();
    });
    port.addEventListener('message', ({ data }: MessageEvent<ReadMessage>) => {
      heard = true;
      if (data.type === 'open') open({ start: data.start, end: data.end });
      else if (data.type === 'pull' && reader) void give(reader);
      else if (data.type === 'cancel') leave();
    });
    port.start();
    every(
      clock,
      () => STAY_MS,
      () => {
        // The worker was stopped, and what read through it with it.
        if (!heard) leave();
        heard = false;
        say({ type: 'ping' });
        void worker().then((one) => one.postMessage({ type: 'stay' }, []));
      },
      { signal: over },
    );
  };

  return {
    async publish(resource) {
      await worker();
      const id = Array.from(random.bytes(ID_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('');
      const over = new AbortController();
      resources.set(id, { resource, over });
      return {
        url: new URL(`${RESOURCE_PATH}${id}/${encodeName(resource.name)}`, base).href,
        close() {
          resources.delete(id);
          over.abort();
        },
      };
    },
  };
}

/** A buffer that holds these bytes and nothing else, so that it can be handed over. */
function wholeBuffer({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  const whole = buffer instanceof ArrayBuffer && byteLength === buffer.byteLength;
  return whole ? buffer : (buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}
