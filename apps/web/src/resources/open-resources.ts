import { withTimeout, type Clock, type Random } from '@tabswarm/base';
import type { PageMessage } from '../service-worker/messages.ts';
import { createResources, type Resources } from './resources.ts';

/** A worker that has not taken charge by then will not. */
const CONTROL_LIMIT_MS = 5_000;

/** This browser gives the page no service worker: an old one, or a private window of some. */
class NoServiceWorkerError extends Error {
  override readonly name = 'NoServiceWorkerError';
}

/** The resources of this page. Its service worker is registered at once, so that it is there when it is needed. */
export function openResources({
  clock,
  random,
}: {
  readonly clock: Clock;
  readonly random: Random;
}): Resources {
  const container = (navigator as Partial<Pick<Navigator, 'serviceWorker'>>).serviceWorker;
  if (!container) {
    return {
      publish: () => Promise.reject(new NoServiceWorkerError('this browser has no service workers')),
    };
  }
  let charge: Promise<ServiceWorker> | undefined;
  const worker = (): Promise<ServiceWorker> => {
    // What failed once may work another time.
    charge ??= takeCharge(container, clock).catch((cause: unknown) => {
      charge = undefined;
      throw new NoServiceWorkerError('there is no service worker for this page', { cause });
    });
    return charge.then((first) => container.controller ?? first);
  };
  // Who needs it hears of a failure.
  worker().catch(() => undefined);
  return createResources({
    questions: container,
    worker,
    base: document.baseURI,
    clock,
    random,
  });
}

/** Resolves with the worker once this page's requests go through it. */
async function takeCharge(container: ServiceWorkerContainer, clock: Clock): Promise<ServiceWorker> {
  await container.register(new URL('sw.js', document.baseURI), { updateViaCache: 'none' });
  const { active } = await container.ready;
  const inCharge = (): Promise<ServiceWorker> =>
    new Promise((resolve) => {
      const look = (): void => {
        const { controller } = container;
        if (!controller) return;
        container.removeEventListener('controllerchange', look);
        resolve(controller);
      };
      container.addEventListener('controllerchange', look);
      // A page that was reloaded past its worker is not taken by itself.
      active?.postMessage({ type: 'claim' } satisfies PageMessage, []);
      look();
    });
  return withTimeout(clock, CONTROL_LIMIT_MS, inCharge, { what: 'taking charge of the page' });
}
