import { silentLog, systemClock, systemRandom } from '@tabswarm/base';
import type { StorageBench } from '@tabswarm/node/bench/storage';
import { openTransport } from '@tabswarm/node/bench/transport';
import * as Comlink from 'comlink';

/*
 * Parts of the product by themselves, for `npm run bench`: the transport, without store, swarm and screen, which is held
 * against a raw RTCDataChannel, and in a worker the way from a file to the disk.
 */
export interface TransportBench {
  /** Starts; resolves to this page's id once the signaling server knows it. */
  listen(): Promise<string>;
  connect(id: string): Promise<void>;
  /** Sends so many bytes to the linked page in bulk messages; resolves when that page has counted them. Milliseconds. */
  pump(bytes: number): Promise<number>;
}

declare global {
  interface Window {
    bench?: TransportBench;
    openStorageBench?: () => Comlink.Remote<StorageBench>;
  }
}

const site = new URL('signal', document.baseURI);
site.protocol = site.protocol.replace('http', 'ws');

window.bench = openTransport(
  { clock: systemClock, random: systemRandom, log: silentLog, connectSocket: (url) => new WebSocket(url) },
  { signalingUrl: site.href },
);
window.openStorageBench = () =>
  Comlink.wrap<StorageBench>(
    new Worker(new URL('./storage-bench.worker.ts', import.meta.url), {
      type: 'module',
      name: 'storage bench',
    }),
  );
