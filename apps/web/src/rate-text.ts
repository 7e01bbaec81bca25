import { LEAST_LIMIT, MOST_LIMIT } from '@tabswarm/node';

/** Bytes per second of each unit that somebody may write; without one it is KB/s. */
const UNITS: Readonly<Record<string, number>> = {
  '': 1_000,
  kb: 1_000,
  kib: 1_024,
  mb: 1_000_000,
  mib: 1_048_576,
  kbit: 125,
  kbps: 125,
  mbit: 125_000,
  mbps: 125_000,
  gbit: 125_000_000,
  gbps: 125_000_000,
};

export type WrittenRate = { readonly bytesPerSecond: number | undefined } | { readonly error: string };

/** What somebody wrote as a rate: `500`, `1.5 MB/s`, `8 Mbit`; nothing is no limit. */
export function readRate(text: string): WrittenRate {
  const found = text
    .trim()
    .toLowerCase()
    .match(/^(\d{1,9}(?:[.,]\d{1,3})?)?\s*([a-z]*)(?:\/s)?$/);
  const [, digits, unit = ''] = found ?? [];
  if (found && digits === undefined && unit === '') return { bytesPerSecond: undefined };
  const bytes = UNITS[unit];
  if (digits === undefined || bytes === undefined)
    return {
      error: 'Write a number of KB/s, or a rate such as 2 MB/s or 8 Mbit/s. Leave it empty for no limit.',
    };
  const bytesPerSecond = Math.round(Number(digits.replace(',', '.')) * bytes);
  if (bytesPerSecond < LEAST_LIMIT)
    return {
      error: `That is too slow: others could not tell this tab from one that is gone. Write at least ${LEAST_LIMIT / 1_000} KB/s.`,
    };
  if (bytesPerSecond > MOST_LIMIT) return { error: 'No line is that fast. Leave it empty for no limit.' };
  return { bytesPerSecond };
}

/** A limit as it stands in its field: in KB/s. */
export function writeRate(bytesPerSecond: number | undefined): string {
  return bytesPerSecond === undefined ? '' : String(Math.round(bytesPerSecond / 100) / 10);
}
