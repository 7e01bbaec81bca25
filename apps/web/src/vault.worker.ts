import { openVault } from '@tabswarm/node/open-vault';
import * as Comlink from 'comlink';
import type { ChangeMessage, RemoteVault } from './vault-messages.ts';

/*
 * Hashing, sealing and storage, off the page's thread. Blocks cross by transfer, not by copy.
 */
const vault = openVault();
let watching: Promise<unknown> | undefined;

const served: RemoteVault = {
  ...vault,
  async watch() {
    try {
      await (watching ??= vault.onChange((change) => {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's page is the only one to hear it
        self.postMessage({ change } satisfies ChangeMessage);
      }));
    } catch (cause) {
      // The vault may open the next time.
      watching = undefined;
      throw cause;
    }
  },
  async blocks(wanted) {
    const blocks = await Promise.all(wanted.map(({ root, index }) => vault.block(root, index)));
    return Comlink.transfer(
      blocks,
      blocks.filter((block) => block !== undefined),
    );
  },
  async slice(...args) {
    const bytes = await vault.slice(...args);
    return Comlink.transfer(bytes, [bytes]);
  },
};

Comlink.expose(served);
