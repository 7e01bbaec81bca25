import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** One file of the built app, ready to be sent. */
export interface AppFile {
  readonly body: Buffer;
  /** The same, compressed, where that saves anything. */
  readonly gzipped: Buffer | undefined;
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
}

/** The built app by URL path. Only what stands in here can be asked for, whatever a path looks like. */
export type AppFiles = ReadonlyMap<string, AppFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};
const UNKNOWN_TYPE = 'application/octet-stream';
const COMPRESSIBLE = /^(?:text|application\/(?:json|manifest|wasm)|image\/svg)/;
/** Vite puts what it names by content hash, as in `index-B3xk_9Qa.js`, into this folder. */
const HASHED_NAME = /^\/assets\/.*-[\w-]{8,}\.\w+$/;
const A_YEAR = 'public, max-age=31536000, immutable';

/** Reads a folder of built files into memory; an app is a few hundred kilobytes. Symbolic links are left out. */
export async function readAppFiles(folder: string): Promise<AppFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const file = join(entry.parentPath, entry.name);
        const path = `/${relative(folder, file).split(sep).join('/')}`;
        return [path, await appFile(path, await readFile(file))] as const;
      }),
  );
  const byPath = new Map(files);
  const index = byPath.get('/index.html');
  if (index) byPath.set('/', index);
  return byPath;
}

async function appFile(path: string, body: Buffer): Promise<AppFile> {
  const type = TYPES[extname(path)] ?? UNKNOWN_TYPE;
  const gzipped = COMPRESSIBLE.test(type) ? await promisify(gzip)(body) : undefined;
  return {
    body,
    gzipped: gzipped && gzipped.byteLength < body.byteLength ? gzipped : undefined,
    type,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    // Everything else keeps its name when it changes, so that the browser has to ask each time.
    cacheControl: HASHED_NAME.test(path) ? A_YEAR : 'no-cache',
  };
}
