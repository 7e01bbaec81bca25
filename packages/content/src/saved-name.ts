import { shortenName } from './path.ts';

/** Why a file is saved, or shared, under another name than it had. */
export type NameChange =
  /** It had characters, or a beginning or an end, that some system does not take. */
  | 'characters'
  /** Some system has a use of its own for files of that name. */
  | 'reserved'
  | 'too-long'
  /** Another file in the same folder has a name that some system takes for the same one. */
  | 'same-name';

export interface NewName {
  readonly name: string;
  readonly changes: readonly NameChange[];
}

/**
 * File systems take 255 bytes, or 255 UTF-16 units. Browsers write into a file beside it, whose name is longer
 * (`.crswap`), and put numbers to names that are taken.
 */
export const MAX_SAVED_NAME_BYTES = 240;

/**
 * What Windows keeps for itself, and what Chromium refuses in a chosen folder: the tilde (Windows' short names) and
 * characters that cannot be seen. Lone surrogates do not survive the way through UTF-8.
 */
const FORBIDDEN_CHARACTERS = /["*/:<>?\\|~]|[\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}\p{Surrogate}]/gu;
/** Windows cuts these off at the end. One dot at the beginning hides a file; Chromium takes no more. */
const FORBIDDEN_END = /[\p{White_Space}.]+$/u;
const FORBIDDEN_BEGINNING = /^(\.(?=[\p{White_Space}.])|(?=\p{White_Space}))[\p{White_Space}.]+/u;

/** Windows' devices, whatever extension follows, and the files that change how it shows a folder. */
const RESERVED_NAME =
  /^(?:(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[\d¹²³]|lpt[\d¹²³])\s*(?:\.|$)|desktop\.ini$|thumbs\.db$)/iu;
/** What Windows follows or runs instead of showing it. */
const SHORTCUT = /\.(?:lnk|url|scf|local|\{[^}]*\})$/iu;

/** The nearest name that every system in use can hold, in at most `maxBytes` of UTF-8. Made safe once, it stays. */
export function savedName(name: string, maxBytes = MAX_SAVED_NAME_BYTES): NewName {
  const changes = new Set<NameChange>();
  const step = (before: string, after: string, change: NameChange): string => {
    if (after !== before) changes.add(change);
    return after;
  };
  let current = name;
  // Shortening can bring about an end or a name that is forbidden; what is put right only gets shorter, or begins with "_".
  for (let before: string | undefined; before !== current;) {
    before = current;
    current = step(current, withoutForbidden(current), 'characters');
    if (RESERVED_NAME.test(current)) current = step(current, `_${current}`, 'reserved');
    if (SHORTCUT.test(current)) current = step(current, `${current}_`, 'reserved');
    current = step(current, shortenName(current, maxBytes), 'too-long');
  }
  return { name: current, changes: [...changes] };
}

/** The name with a number before its extension: `holiday (2).jpg`. */
export function numberedName(name: string, number: number, maxBytes: number): string {
  return shortenName(name, maxBytes, ` (${number})`);
}

/** What names that some system takes for the same have in common: case and Unicode normalization are no difference. */
export function nameKey(name: string): string {
  return name.normalize('NFD').toUpperCase().normalize('NFD');
}

function withoutForbidden(name: string): string {
  const clean = name
    .replaceAll(FORBIDDEN_CHARACTERS, '_')
    .replace(FORBIDDEN_END, '_')
    .replace(FORBIDDEN_BEGINNING, '$1_');
  return clean === '' ? '_' : clean;
}
