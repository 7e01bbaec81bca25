/** The part of bittorrent-tracker's server that the benchmark uses; the package has no types of its own. */
declare module 'bittorrent-tracker/server' {
  import type { EventEmitter } from 'node:events';
  import type { Server as HttpServer } from 'node:http';

  export default class Server extends EventEmitter {
    constructor(options: { http: boolean; udp: boolean; ws: boolean; stats: boolean });
    readonly http: HttpServer;
    listen(port: number, host: string, onListening: () => void): void;
    close(onClosed: () => void): void;
  }
}
