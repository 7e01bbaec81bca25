import { generateIdentityKeys, identityFromKeys, type Identity } from '@tabswarm/protocol/identity';
import type { Keyring } from '@tabswarm/store/keyring';

/** More tabs of one browser than that get an identity for their lifetime only. */
const MAX_SLOTS = 32;

/**
 * The identity of this tab: that of the first slot that no other open tab of this browser has. The slot is held
 * through a Web Lock until the tab closes, so a reload comes back as the same node and two tabs are two nodes.
 */
export async function claimIdentity(keyring: Keyring, locks: LockManager): Promise<Identity> {
  for (let slot = 0; slot < MAX_SLOTS; slot += 1) {
    if (!(await take(locks, `tabswarm identity ${slot}`))) continue;
    const known = await keyring.get(slot);
    if (known) return identityFromKeys(known);
    const keys = await generateIdentityKeys();
    await keyring.set(slot, keys);
    return identityFromKeys(keys);
  }
  return identityFromKeys(await generateIdentityKeys());
}

/** Whether the lock is ours now; then it stays so as long as the tab lives. */
function take(locks: LockManager, name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    locks
      .request(name, { ifAvailable: true }, async (lock) => {
        resolve(lock !== null);
        // A lock lasts until this promise settles, which it never does: the browser frees it with the tab.
        if (lock) await new Promise<void>(() => undefined);
      })
      .catch(reject);
  });
}
