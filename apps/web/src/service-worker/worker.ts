import { answerFor, refusal } from './answer.ts';
import { findResource } from './finder.ts';
import { RESOURCE_PATH, type PageMessage, type ReadMessage } from './messages.ts';
import { pulledStream } from './pulled-stream.ts';
import type { WorkerScope } from './scope.ts';

/** Answers requests for the resources of pages, from the pages. Everything else goes its way. */
export function installWorker(scope: WorkerScope): void {
  const answer = async ({ method, headers }: Request, id: string): Promise<Response> => {
    if (method !== 'GET' && method !== 'HEAD') {
      return refusal(405, 'Only GET and HEAD are answered here.', { Allow: 'GET, HEAD' });
    }
    const found = await findResource(scope, id);
    if (found === 'silent') return refusal(504, 'The tab that has this file does not answer.');
    if (found === 'unknown') return refusal(404, 'This file is gone, or the tab that had it was closed.');
    const {
      status,
      headers: described,
      range,
    } = answerFor(found.facts, { method, range: headers.get('Range') });
    if (!range) {
      found.port.postMessage({ type: 'cancel' } satisfies ReadMessage, []);
      found.port.close();
      return new Response(null, { status, headers: described });
    }
    return new Response(pulledStream(found, range, scope), { status, headers: described });
  };

  // A new version has nothing to wait for: what the old one sends it goes on sending.
  scope.addEventListener('install', (event) => event.waitUntil(scope.skipWaiting()));
  scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()));
  scope.addEventListener('message', (event) => {
    // `stay` needs no answer: that it comes keeps the worker from being stopped as idle.
    if ((event.data as PageMessage).type === 'claim') event.waitUntil(scope.clients.claim());
  });
  scope.addEventListener('fetch', (event) => {
    const id = resourceId(event.request.url, scope.registration.scope);
    if (id !== undefined) event.respondWith(answer(event.request, id));
  });
}

/** Of `<scope>files/<id>/<name>`. */
function resourceId(url: string, scope: string): string | undefined {
  const base = new URL(RESOURCE_PATH, scope).href;
  return url.startsWith(base) ? url.slice(base.length).split(/[/?#]/)[0] : undefined;
}
