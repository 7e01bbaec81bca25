import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { MIB } from './files.ts';

/** A file on disk that is too large for memory, made on the fly. */
export interface LargeFile {
  readonly path: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

const CHUNK_BYTES = 4 * MIB;

/** Writes bytes that look random, no two blocks alike. */
export async function makeLargeFile(path: string, size: number): Promise<LargeFile> {
  const hash = createHash('sha256');
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let made = 0; made < size; made += CHUNK_BYTES) {
      const chunk = cipher.update(Buffer.alloc(Math.min(CHUNK_BYTES, size - made)));
      hash.update(chunk);
      yield chunk;
    }
  }
  await pipeline(chunks, createWriteStream(path));
  return { path, sha256: hash.digest('hex') };
}

/** SHA-256 of a file on disk, in hexadecimal, without having all of it in memory. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}
