/** Sections of the ring that are told apart; what is nearer than the last of them is just near. */
export const SECTIONS = 8;

/** In words, which part of the ring a tab is in that shares so many leading bits with this one. */
export function nearness(bits: number): string {
  if (bits >= SECTIONS) return 'Next to you';
  return PARTS[bits] ?? `Your ${2 ** bits}th`;
}

const PARTS = [
  'The other half',
  'Your half',
  'Your quarter',
  'Your eighth',
  'Your 16th',
  'Your 32nd',
] as const;

export function sharedBitsText(bits: number): string {
  if (bits === 0) return 'Its id differs from yours in the very first bit';
  return `Its id begins with the same ${bits === 1 ? 'bit' : `${bits} bits`} as yours`;
}

/** The name of a tab as people compare it. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_DIGITS);
}

/** As many as the page says of this tab. */
const SHORT_ID_DIGITS = 8;
