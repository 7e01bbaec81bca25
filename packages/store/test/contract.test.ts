import 'fake-indexeddb/auto';
import { createMemoryBrowser, openStores } from '@tabswarm/store';
import { describeStoreContract } from '@tabswarm/store/contract';

describeStoreContract('memory', () =>
  Promise.resolve({ ...createMemoryBrowser(), stop: () => Promise.resolve() }),
);

let count = 0;
describeStoreContract('IndexedDB', () => {
  const name = `contract-${(count += 1)}`;
  return Promise.resolve({
    openTab: () => openStores({ name }),
    stop: () => Promise.resolve(),
  });
});
