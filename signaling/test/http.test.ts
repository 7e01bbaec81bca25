import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parsePageConfig } from '@tabswarm/protocol/page-config';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAppFiles } from '../src/files.ts';
import { startServer } from './support.ts';

const SCRIPT = `console.log(${JSON.stringify('tab'.repeat(1_000))});\n`;

async function startWithApp(): Promise<{ port: number; http: string }> {
  const outside = await mkdtemp(join(tmpdir(), 'tabswarm-app-'));
  onTestFinished(() => rm(outside, { recursive: true, force: true }));
  const folder = join(outside, 'dist');
  for (const [name, text] of [
    ['index.html', '<!doctype html><title>Tabswarm</title>'],
    ['assets/index-B3xk_9Qa.js', SCRIPT],
    ['sw.js', '// service worker'],
    ['icons/a picture.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['raw.unknown', 'bytes'],
    ['../secret.txt', 'not to be served'],
  ] as const) {
    const file = join(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  await symlink(join(outside, 'secret.txt'), join(folder, 'linked.txt'));
  return startServer({}, { files: await readAppFiles(folder) });
}

/** Unlike `fetch`, sends the path as it stands. */
async function get(
  { port }: { port: number },
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: IncomingMessage['headers']; body: string }> {
  return new Promise((resolve, reject) => {
    const ask = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(parts).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    ask.on('error', reject);
    ask.end();
  });
}

describe('the app over HTTP', () => {
  it('serves the page at /, to be asked for again each time', async () => {
    const answer = await get(await startWithApp(), '/');
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('<title>Tabswarm</title>');
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    });
  });

  it('serves what is named by its hash for good, and everything else with a question', async () => {
    const app = await startWithApp();
    const hashed = await get(app, '/assets/index-B3xk_9Qa.js');
    expect(hashed.body).toBe(SCRIPT);
    expect(hashed.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(hashed.headers['cache-control']).toContain('immutable');
    const worker = await get(app, '/sw.js');
    expect(worker.headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-type': 'text/javascript; charset=utf-8',
    });
    const picture = await get(app, '/icons/a%20picture.svg?v=1');
    expect(picture.headers['content-type']).toBe('image/svg+xml');
    expect((await get(app, '/raw.unknown')).headers['content-type']).toBe('application/octet-stream');
  });

  it('answers an unchanged file with 304, and HEAD without a body', async () => {
    const app = await startWithApp();
    const { etag = '', ...first } = (await get(app, '/')).headers;
    expect((await get(app, '/', { headers: { 'If-None-Match': etag } })).status).toBe(304);
    const head = await get(app, '/', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe(first['content-length']);
  });

  it('compresses for those who can read it', async () => {
    const app = await startWithApp();
    const path = '/assets/index-B3xk_9Qa.js';
    const packed = await get(app, path, { headers: { 'Accept-Encoding': 'br, gzip' } });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(Number(packed.headers['content-length'])).toBeLessThan(SCRIPT.length / 2);
    const refused = await get(app, path, { headers: { 'Accept-Encoding': 'gzip;q=0' } });
    expect(refused.headers['content-encoding']).toBeUndefined();
  });

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/%00',
    '/%zz',
    '//secret.txt',
    '/linked.txt',
    '/assets/',
    '/no-such-page',
    '/constructor',
  ])('has nothing at %s', async (path) => {
    const answer = await get(await startWithApp(), path);
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('not to be served');
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('does not answer %s', async (method) => {
    const answer = await get(await startWithApp(), '/', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD');
  });

  it.each(['/', '/health', '/signal', '/no-such-page'])(
    'sends its security headers with %s',
    async (path) => {
      const { headers } = await get(await startWithApp(), path);
      expect(headers).toMatchObject({
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
      });
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toContain('unsafe');
    },
  );

  it('says how it is, and nothing about anybody', async () => {
    const answer = await get(await startWithApp(), '/health');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const health = JSON.parse(answer.body) as Record<string, unknown>;
    expect(health).toEqual({ status: 'ok', peers: 0, uptime: expect.any(Number) });
  });

  it('[SG16] tells pages which signaling servers there are, and how many links to have', async () => {
    const page = {
      signaling: ['signal', 'wss://tabs.example/signal'],
      links: { target: 4, max: 6, smallNetwork: 2 },
    };
    const answer = await get(await startServer({ page }), '/config.json');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
    expect(parsePageConfig(answer.body)).toEqual(page);
    expect(parsePageConfig((await get(await startServer(), '/config.json')).body)).toEqual({
      signaling: ['signal'],
    });
  });

  it('says that a WebSocket is wanted where one is', async () => {
    expect((await get(await startWithApp(), '/signal')).status).toBe(426);
  });

  it('says what to do when the app is not built', async () => {
    const answer = await get(await startServer(), '/');
    expect(answer.status).toBe(404);
    expect(answer.body).toContain('npm start');
  });
});
