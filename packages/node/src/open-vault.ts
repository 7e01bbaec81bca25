import { systemClock, systemRandom } from '@tabswarm/base';
import { openStores } from '@tabswarm/store';
import { createVault, createWebStoreLock, type LocalVault } from './vault/index.ts';

/** The vault of a real browser, in this thread: IndexedDB, shared by all tabs. Made for a worker. */
export function openVault(): LocalVault {
  return createVault({
    stores: openStores(),
    lock: createWebStoreLock(navigator.locks),
    random: systemRandom,
    clock: systemClock,
  });
}
