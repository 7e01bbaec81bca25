import { createStore, get, set } from 'idb-keyval';

/** Where the key pairs of this browser's tabs are kept, by slot. The private halves are not extractable. */
export interface Keyring {
  get(slot: number): Promise<CryptoKeyPair | undefined>;
  set(slot: number, keys: CryptoKeyPair): Promise<void>;
}

export function createIdbKeyring({
  database = 'tabswarm-identities',
}: { readonly database?: string } = {}): Keyring {
  const store = createStore(database, 'keys');
  return {
    get: (slot) => get<CryptoKeyPair>(slot, store),
    set: (slot, keys) => set(slot, keys, store),
  };
}
