import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { CONFIG_PATH, type PageConfig } from '@tabswarm/protocol/page-config';
import { SIGNALING_PATH } from '@tabswarm/protocol/signaling';
import type { AppFile, AppFiles } from './files.ts';
import { SECURITY_HEADERS } from './headers.ts';

/** What `/health` says. Nothing in it is about anybody in particular. */
export interface Health {
  readonly status: 'ok';
  /** Tabs signed in now. */
  readonly peers: number;
  /** Seconds since the start. */
  readonly uptime: number;
}

const PLAIN = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };
const JSON_HEADERS = { ...PLAIN, 'Content-Type': 'application/json; charset=utf-8' };
const NOT_BUILT = 'This signaling server runs, but the app is not built. `npm start` builds both.\n';

/** Answers everything but WebSocket upgrades. */
export function createRequestListener({
  files,
  health,
  page,
}: {
  files: AppFiles;
  health: () => Health;
  page: PageConfig;
}): RequestListener {
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return answer(
        response,
        405,
        { ...PLAIN, Allow: 'GET, HEAD' },
        'Only GET and HEAD are answered here.\n',
      );
    }
    const path = pathOf(request);
    if (path === '/health') return answer(response, 200, JSON_HEADERS, `${JSON.stringify(health())}\n`);
    if (path === CONFIG_PATH) return answer(response, 200, JSON_HEADERS, `${JSON.stringify(page)}\n`);
    if (path === SIGNALING_PATH) {
      return answer(response, 426, { ...PLAIN, Upgrade: 'websocket' }, 'This is a WebSocket.\n');
    }
    const file = path === undefined ? undefined : files.get(path);
    if (file) return sendFile(request, response, file);
    answer(response, 404, PLAIN, path === '/' && files.size === 0 ? NOT_BUILT : 'There is nothing here.\n');
  };
}

function sendFile(request: IncomingMessage, response: ServerResponse, file: AppFile): void {
  const headers = { ETag: file.etag, 'Cache-Control': file.cacheControl, Vary: 'Accept-Encoding' };
  if (request.headers['if-none-match']?.includes(file.etag)) return answer(response, 304, headers, undefined);
  const packed = acceptsGzip(request) ? file.gzipped : undefined;
  answer(
    response,
    200,
    { ...headers, 'Content-Type': file.type, ...(packed ? { 'Content-Encoding': 'gzip' } : {}) },
    packed ?? file.body,
  );
}

function answer(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer | string | undefined,
): void {
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, { ...SECURITY_HEADERS, ...headers, ...length });
  // Node leaves the body out where the request was HEAD.
  response.end(body);
}

/** The path that was asked for, or undefined where it cannot be one. Not resolved: `..` is a name like any other. */
export function pathOf(request: IncomingMessage): string | undefined {
  const [path = ''] = (request.url ?? '').split('?');
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function acceptsGzip(request: IncomingMessage): boolean {
  const accepted = request.headers['accept-encoding'];
  return typeof accepted === 'string' && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(accepted);
}
