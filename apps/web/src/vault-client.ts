import { createListeners, gather } from '@tabswarm/base';
import type { Vault, VaultChange } from '@tabswarm/node';
import * as Comlink from 'comlink';
import { isChangeMessage, type RemoteVault, type WantedBlock } from './vault-messages.ts';

/** The vault of the worker, as if it were here. */
export function connectVault(worker: Worker): Vault {
  const remote = Comlink.wrap<RemoteVault>(worker);
  const changes = createListeners<VaultChange>();
  worker.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (isChangeMessage(data)) changes.emit(data.change);
  });
  const block = gather((wanted: readonly WantedBlock[]) => remote.blocks(wanted));
  return {
    shares: () => remote.shares(),
    async onChange(listener) {
      const stop = changes.subscribe(listener);
      try {
        await remote.watch();
      } catch (cause) {
        stop();
        throw cause;
      }
      return stop;
    },
    add: (files, options, onProgress) => remote.add(files, options, Comlink.proxy(onProgress)),
    cancel: (job) => remote.cancel(job),
    holdUp: (job) => remote.holdUp(job),
    goOn: (job) => remote.goOn(job),
    want: (share) => remote.want(share),
    setPaused: (root, paused) => remote.setPaused(root, paused),
    choose: (root, choice) => remote.choose(root, choice),
    putInfo: (root, info) => remote.putInfo(root, Comlink.transfer(info, [info])),
    info: (root) => remote.info(root),
    putHashes: (root, range, answer) => remote.putHashes(root, range, answer),
    hashes: (root, range) => remote.hashes(root, range),
    put: (root, index, bytes, ticket) => remote.put(root, index, Comlink.transfer(bytes, [bytes]), ticket),
    block: (root, index) => block({ root, index }),
    read: (root, path) => remote.read(root, path),
    slice: (root, path, range) => remote.slice(root, path, range),
    torrent: (root) => remote.torrent(root),
    importTorrent: (torrent) => remote.importTorrent(Comlink.transfer(torrent, [torrent])),
    supply: (root, files, options, onProgress) =>
      remote.supply(root, files, options, Comlink.proxy(onProgress)),
    remove: (root) => remote.remove(root),
    usage: () => remote.usage(),
  };
}
