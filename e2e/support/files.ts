import { createCipheriv, createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Download } from 'playwright/test';

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** A file to share, in the form that Playwright takes. */
export interface TestFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A file of bytes that look random, and are the same for the same name and size. */
export function testFile(name: string, size: number): TestFile {
  const key = createHash('sha256').update(`${name} ${size}`).digest().subarray(0, 16);
  const buffer = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
  return { name, mimeType: 'application/octet-stream', buffer, sha256: sha256(buffer) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What the browser wrote to disk. */
export async function downloaded(
  download: Download,
): Promise<{ name: string; sha256: string; size: number }> {
  const bytes = await readFile(await download.path());
  return { name: download.suggestedFilename(), sha256: sha256(bytes), size: bytes.byteLength };
}
