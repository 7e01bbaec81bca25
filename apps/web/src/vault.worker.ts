import { openVault } from '@tabswarm/node/open-vault';
import * as Comlink from 'comlink';

/*
 * Hashing, sealing and storage, off the page's thread. Blocks cross by transfer, not by copy.
 */
const vault = openVault();

const served = {
  ...vault,
  async block(...args: Parameters<typeof vault.block>) {
    const block = await vault.block(...args);
    return block && Comlink.transfer(block, [block]);
  },
  async slice(...args: Parameters<typeof vault.slice>) {
    const bytes = await vault.slice(...args);
    return Comlink.transfer(bytes, [bytes]);
  },
  async onChange(...args: Parameters<typeof vault.onChange>) {
    return Comlink.proxy(await vault.onChange(...args));
  },
};

Comlink.expose(served);
