/** The info dictionary of every private share has this name. */
export const SEALED_NAME = 'sealed';

/** Digits enough for any file number; all names the same length, so that their order is the files' order. */
const NAME_DIGITS = 8;

/** What file number `index` of a private share is called for those without the key. */
export function opaqueName(index: number): string {
  return index.toString(16).padStart(NAME_DIGITS, '0');
}
