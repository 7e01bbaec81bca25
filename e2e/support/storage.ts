import type { Page } from 'playwright/test';

/** Looks through all that a page's origin keeps in IndexedDB, for how much it is and which of the needles stand in it. */
export async function searchStorage(
  page: Page,
  needles: Readonly<Record<string, Buffer>>,
): Promise<{ bytes: number; found: readonly string[] }> {
  const listed = Object.entries(needles).map(([name, bytes]) => [name, [...bytes]] as const);
  // oxlint-disable unicorn/consistent-function-scoping -- this runs in the page, which has no outer scope to move to
  return page.evaluate(async (wanted) => {
    const found = new Set<string>();
    let total = 0;

    // One character for each byte, for the needles as for what is searched.
    const textOf = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);
    const needleTexts = wanted.map(([name, bytes]) => [name, textOf(Uint8Array.from(bytes))] as const);
    const look = (bytes: Uint8Array): void => {
      total += bytes.byteLength;
      const text = textOf(bytes);
      for (const [name, needle] of needleTexts) if (text.includes(needle)) found.add(name);
    };
    // Values are whatever structured clone can hold; keys in them are not extractable and cannot be looked at.
    const visit = async (value: unknown): Promise<void> => {
      if (typeof value === 'string') look(new TextEncoder().encode(value));
      else if (value instanceof ArrayBuffer) look(new Uint8Array(value));
      else if (ArrayBuffer.isView(value)) {
        look(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      } else if (value instanceof Blob) look(new Uint8Array(await value.arrayBuffer()));
      else if (value instanceof Map || value instanceof Set) for (const item of value) await visit(item);
      else if (Array.isArray(value)) for (const item of value) await visit(item);
      else if (typeof value === 'object' && value !== null && !(value instanceof CryptoKey)) {
        for (const [key, item] of Object.entries(value)) await visit([key, item]);
      }
    };
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result));
        request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB failed')));
      });

    for (const { name = '' } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name));
      for (const storeName of database.objectStoreNames) {
        const store = database.transaction(storeName).objectStore(storeName);
        const [keys, values] = await Promise.all([
          done(store.getAllKeys()),
          done(store.getAll() as IDBRequest<unknown[]>),
        ]);
        await visit([keys, values]);
      }
      database.close();
    }
    return { bytes: total, found: [...found] };
  }, listed);
}
