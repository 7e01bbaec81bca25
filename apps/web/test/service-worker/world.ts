import { onTestFinished } from 'vitest';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import { createResources, type Resources } from '../../src/resources/resources.ts';
import type { PageMessage } from '../../src/service-worker/messages.ts';
import type { RequestEvent, WorkerClient, WorkerScope } from '../../src/service-worker/scope.ts';
import { installWorker } from '../../src/service-worker/worker.ts';

/** The pages of one browser and their service worker, joined by real ports and streams; only the browser is played. */
export interface Site {
  openPage(): Page;
  /** As a player or a viewer asks; undefined where the worker leaves it to the network. */
  fetch(url: string, options?: RequestInit): Promise<Response> | undefined;
  /** The browser stops the worker; the next request starts it anew. */
  stopWorker(): void;
  readonly told: PageMessage[];
}

interface Page {
  readonly resources: Resources;
  readonly clock: ManualClock;
  /** The tab is closed. */
  close(): void;
  /** It is there, and does nothing. */
  freeze(): void;
}

export const BASE = 'https://tabs.example/app/';

type Listener = (event: unknown) => void;

export function createSite(): Site {
  const clients = new Map<string, WorkerClient>();
  const told: PageMessage[] = [];
  let listeners = new Map<string, Listener>();
  let opened = 0;

  const relays = new Set<() => void>();
  /** A port that goes on to that one until either side is no more, of which a port gives no sign. */
  const relay = (worker: MessagePort): MessagePort => {
    const { port1: page, port2: ours } = new MessageChannel();
    worker.addEventListener('message', ({ data }: MessageEvent) => ours.postMessage(data, []));
    ours.addEventListener('message', ({ data }: MessageEvent) => worker.postMessage(data, []));
    worker.start();
    ours.start();
    relays.add(() => {
      worker.close();
      ours.close();
    });
    return page;
  };

  const startWorker = (): void => {
    listeners = new Map();
    const scope: WorkerScope = {
      registration: { scope: BASE },
      clients: {
        matchAll: () => Promise.resolve([...clients.values()]),
        get: (id) => Promise.resolve(clients.get(id)),
        claim: () => Promise.resolve(),
      },
      skipWaiting: () => Promise.resolve(),
      addEventListener: (type: string, listener: unknown) => void listeners.set(type, listener as Listener),
    };
    installWorker(scope);
  };
  startWorker();

  return {
    told,
    openPage() {
      opened += 1;
      const id = `page ${opened}`;
      const clock = createManualClock();
      const events = new EventTarget();
      let frozen = false;
      clients.set(id, {
        id,
        url: BASE,
        postMessage(data, [port]) {
          if (frozen) return;
          const ports = [relay(port as MessagePort)];
          events.dispatchEvent(new MessageEvent('message', { data, ports }));
        },
      });
      const resources = createResources({
        questions: {
          addEventListener: (type: string, listener: unknown) =>
            events.addEventListener(type, listener as Listener),
          startMessages: () => undefined,
        },
        worker: () => Promise.resolve({ postMessage: (message) => void told.push(message) }),
        base: BASE,
        clock,
        random: createSeededRandom(opened),
      });
      const close = (): void => {
        clients.delete(id);
        for (const stop of relays) stop();
      };
      onTestFinished(close);
      return { resources, clock, close, freeze: () => (frozen = true) };
    },
    fetch(url, options) {
      let answer: Promise<Response> | undefined;
      const event: RequestEvent = {
        request: new Request(url, options),
        respondWith(response) {
          answer = response;
        },
      };
      listeners.get('fetch')?.(event);
      return answer;
    },
    stopWorker() {
      for (const stop of relays) stop();
      startWorker();
    },
  };
}
