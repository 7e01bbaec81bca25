import type { Clock } from '@tabswarm/base';
import { recordFault, type ReplyOutcome, type SignedRecord } from '@tabswarm/protocol/dht';
import { compareDistance, type NodeId, type RecordKey } from '@tabswarm/protocol/ids';

/** The records that this tab keeps: for the overlay, bounded, and its own. In memory only: they live 45 minutes. */
export interface RecordStore {
  /** Records kept, this tab's own included. */
  readonly size: number;
  /** Takes a record whose signature has been checked. */
  put(
    record: SignedRecord,
    options?: { own?: boolean },
  ): Extract<ReplyOutcome, 'ok' | 'stale' | 'refused' | 'full'>;
  /** Those under a key that count now. */
  get(key: RecordKey): SignedRecord[];
  /** All that count now. */
  all(): SignedRecord[];
  byDigest(digest: string): SignedRecord | undefined;
  /** Drops what has expired. */
  sweep(): void;
}

interface Entry {
  readonly record: SignedRecord;
  /** This tab's own: beyond the bound, and never pushed out. */
  readonly own: boolean;
}

export interface RecordStoreOptions {
  /** Records kept for others. */
  readonly maxRecords: number;
  /** The number of records may have changed. */
  readonly onChange?: () => void;
}

export function createRecordStore(
  self: NodeId,
  clock: Clock,
  { maxRecords, onChange }: RecordStoreOptions,
): RecordStore {
  const byKey = new Map<RecordKey, Map<string, Entry>>();
  const byDigest = new Map<string, Entry>();
  let kept = 0;

  const remove = (entry: Entry): void => {
    const { record } = entry;
    const under = byKey.get(record.key);
    under?.delete(nameOf(record));
    if (under?.size === 0) byKey.delete(record.key);
    byDigest.delete(record.digest);
    if (!entry.own) kept -= 1;
    onChange?.();
  };

  const add = (entry: Entry): void => {
    const under = byKey.get(entry.record.key) ?? new Map<string, Entry>();
    byKey.set(entry.record.key, under);
    under.set(nameOf(entry.record), entry);
    byDigest.set(entry.record.digest, entry);
    if (!entry.own) kept += 1;
    onChange?.();
  };

  const isCurrent = ({ record }: Entry): boolean => recordFault(record, clock.now()) === undefined;

  const sweep = (): void => {
    for (const entry of [...byDigest.values()]) {
      if (recordFault(entry.record, clock.now()) === 'expired') remove(entry);
    }
  };

  /** Pushes out the record farthest from us, if that one is farther than `key`. */
  const makeRoom = (key: RecordKey): boolean => {
    sweep();
    if (kept < maxRecords) return true;
    let farthest: Entry | undefined;
    for (const entry of byDigest.values()) {
      if (entry.own) continue;
      if (!farthest || compareDistance(self, entry.record.key, farthest.record.key) > 0) farthest = entry;
    }
    if (!farthest || compareDistance(self, key, farthest.record.key) >= 0) return false;
    remove(farthest);
    return true;
  };

  return {
    get size() {
      return byDigest.size;
    },
    put(record, { own = false } = {}) {
      if (recordFault(record, clock.now())) return 'refused';
      const before = byKey.get(record.key)?.get(nameOf(record));
      if (before?.record.digest === record.digest) return 'ok';
      // Two records with one number would let their order of arrival decide.
      if (before && before.record.sequence >= record.sequence) return 'stale';
      if (before) remove(before);
      else if (!own && kept >= maxRecords && !makeRoom(record.key)) return 'full';
      add({ record, own: own || before?.own === true });
      return 'ok';
    },
    get: (key) => [...(byKey.get(key)?.values() ?? [])].filter(isCurrent).map(({ record }) => record),
    all: () => [...byDigest.values()].filter(isCurrent).map(({ record }) => record),
    byDigest(digest) {
      const entry = byDigest.get(digest);
      return entry && isCurrent(entry) ? entry.record : undefined;
    },
    sweep,
  };
}

/** What a newer record of the same author takes the place of. */
function nameOf(record: SignedRecord): string {
  return `${record.author} ${record.slot}`;
}
