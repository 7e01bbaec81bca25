import { compareBytes, utf8 } from '@tabswarm/protocol/bytes';

/** What every file system in use can hold in one name. */
export const MAX_NAME_BYTES = 255;
/** Folders in one another; also bounds how deeply a file tree nests. */
export const MAX_PATH_DEPTH = 32;

/**
 * Separators and control characters reach outside the folder; the bidirectional overrides make a name read as another
 * ("gpj.exe" shown as "exe.jpg").
 */
// oxlint-disable-next-line no-control-regex -- they are what it looks for
const UNSAFE_CHARACTERS = /[\u0000-\u001f\u007f-\u009f/\\\u202a-\u202e\u2066-\u2069]/g;

/** Whether a name may become a file or folder on somebody's disk. */
export function isSafeName(name: string): boolean {
  return name !== '' && safeName(name) === name;
}

/** The nearest name that is safe: what a file that we share is called. */
export function safeName(name: string): string {
  // `toWellFormed` is newer than our compiler's library; a lone surrogate would not survive the way through UTF-8.
  const clean = name.replaceAll(UNSAFE_CHARACTERS, '_').replaceAll(/\p{Surrogate}/gu, '_');
  if (clean === '' || clean === '.' || clean === '..') return '_';
  return shortenName(clean, MAX_NAME_BYTES);
}

/** The longest beginning of `text` that fits, never ending inside a character. */
export function truncateUtf8(text: string, maxBytes: number): string {
  if (utf8(text).byteLength <= maxBytes) return text;
  let out = '';
  let size = 0;
  for (const character of text) {
    size += utf8(character).byteLength;
    if (size > maxBytes) return out;
    out += character;
  }
  return out;
}

/** Longer ones are no extensions, or none that matter. */
const MAX_EXTENSION_BYTES = 24;

/** The name in at most `maxBytes` of UTF-8: what stands before its extension is cut, and `suffix` put between the two. */
export function shortenName(name: string, maxBytes: number, suffix = ''): string {
  const extension = extensionOf(name, maxBytes);
  const stem = name.slice(0, name.length - extension.length);
  const room = maxBytes - utf8(extension).byteLength - suffix.length;
  return `${truncateUtf8(stem, room)}${suffix}${extension}`;
}

function extensionOf(name: string, maxBytes: number): string {
  const dot = name.lastIndexOf('.');
  if (dot <= 0) return '';
  const extension = name.slice(dot);
  const room = Math.min(MAX_EXTENSION_BYTES, maxBytes / 2);
  return utf8(extension).byteLength <= room ? extension : '';
}

/** Order of a file tree: name by name, each by its UTF-8 bytes. */
export function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const order = compareBytes(utf8(a[i] as string), utf8(b[i] as string));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
