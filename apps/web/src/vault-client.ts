import type { Vault } from '@tabswarm/node';
import * as Comlink from 'comlink';

/** The vault of the worker, as if it were here. */
export function connectVault(worker: Worker): Vault {
  const remote = Comlink.wrap<Vault>(worker);
  return {
    shares: () => remote.shares(),
    async onChange(listener) {
      const unsubscribe = await remote.onChange(Comlink.proxy(listener));
      return () => {
        unsubscribe();
      };
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
    put: (root, index, block, ticket) => remote.put(root, index, Comlink.transfer(block, [block]), ticket),
    block: (root, index) => remote.block(root, index),
    read: (root, path) => remote.read(root, path),
    slice: (root, path, range) => remote.slice(root, path, range),
    torrent: (root) => remote.torrent(root),
    importTorrent: (torrent) => remote.importTorrent(Comlink.transfer(torrent, [torrent])),
    supply: (root, files) => remote.supply(root, files),
    remove: (root) => remote.remove(root),
    usage: () => remote.usage(),
  };
}
