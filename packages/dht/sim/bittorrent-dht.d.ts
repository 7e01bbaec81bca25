/** The part of bittorrent-dht that the simulator uses; the package has no types of its own. */
declare module 'bittorrent-dht' {
  export interface Address {
    readonly host: string;
    readonly port: number;
  }

  /** The part of Node's `dgram.Socket` that it uses. */
  export interface DatagramSocket {
    on(
      event: 'message',
      listener: (message: Uint8Array, from: { address: string; port: number }) => void,
    ): void;
    on(event: 'error' | 'listening' | 'close', listener: () => void): void;
    send(message: Uint8Array, offset: number, length: number, port: number, host: string): void;
    bind(): void;
    address(): { address: string; port: number };
    close(): void;
  }

  export class Client {
    constructor(options: { nodeId: string; bootstrap: readonly Address[] | false; socket: DatagramSocket });
    on(event: 'peer', listener: (peer: Address, infoHash: Uint8Array) => void): void;
    on(event: 'error' | 'warning', listener: (error: Error) => void): void;
    removeListener(event: 'peer', listener: (peer: Address, infoHash: Uint8Array) => void): void;
    listen(): void;
    announce(infoHash: string, port: number, done: (error: Error | null) => void): void;
    lookup(infoHash: string, done: (error: Error | null) => void): void;
    destroy(): void;
  }
}
