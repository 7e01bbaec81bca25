/** As many to a transaction as the block store takes: what is compared is what stands around the writes. */
const BATCH_ENTRIES = 8;

/** IndexedDB and nothing else. */
export interface BareWrites {
  /** Batches of `put`, all of them under way at once. Resolves when everything is written. */
  write(entries: readonly (readonly [key: string, value: ArrayBuffer])[]): Promise<void>;
  close(): void;
}

export async function openBareWrites(name: string): Promise<BareWrites> {
  const database = await open(name);
  return {
    async write(entries) {
      const batches = Array.from({ length: Math.ceil(entries.length / BATCH_ENTRIES) }, (_, i) =>
        writeBatch(database, entries.slice(i * BATCH_ENTRIES, (i + 1) * BATCH_ENTRIES)),
      );
      await Promise.all(batches);
    },
    close: () => database.close(),
  };
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore('values'));
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('the database does not open')));
  });
}

function writeBatch(
  database: IDBDatabase,
  entries: readonly (readonly [key: string, value: ArrayBuffer])[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction('values', 'readwrite');
    const store = transaction.objectStore('values');
    for (const [key, value] of entries) store.put(value, key);
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('a write failed')));
  });
}
