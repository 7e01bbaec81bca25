import { describeStoreContract } from '../src/contract.ts';
import { openStores } from '../src/index.ts';

/** No two tests may find each other's blocks; the databases go with the browser's profile at the end of the run. */
let runs = 0;

describeStoreContract('IndexedDB in a browser', () => {
  runs += 1;
  const name = `contract-${Date.now()}-${runs}`;
  return Promise.resolve({ openTab: () => openStores({ name }), stop: () => Promise.resolve() });
});
