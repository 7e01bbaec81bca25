import { createLog, type Log, type LogEntry } from '@tabswarm/base';

/** Entries kept: some minutes of a busy tab. */
const MAX_ENTRIES = 1_000;

export interface DatedEntry extends LogEntry {
  /** ISO 8601. */
  readonly time: string;
}

/** The tab's log, in memory only: what a person can copy into a report. It names peers, never keys or files. */
export interface LogBook {
  readonly log: Log;
  entries(): readonly DatedEntry[];
}

export function createLogBook(): LogBook {
  const entries: DatedEntry[] = [];
  return {
    log: createLog((entry) => {
      entries.push({ time: new Date().toISOString(), ...entry });
      if (entries.length > MAX_ENTRIES) entries.shift();
    }),
    entries: () => [...entries],
  };
}
