import { silentLog, systemClock, systemRandom } from '@tabswarm/base';
import { openTransport } from '@tabswarm/node/bench';

/*
 * The transport alone, without store, swarm and screen: what `npm run bench` holds against a raw RTCDataChannel.
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
  }
}

const site = new URL('signal', document.baseURI);
site.protocol = site.protocol.replace('http', 'ws');

window.bench = openTransport(
  { clock: systemClock, random: systemRandom, log: silentLog, connectSocket: (url) => new WebSocket(url) },
  { signalingUrl: site.href },
);
