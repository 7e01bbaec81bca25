/** What we use of simple-peer 9.11.1. Its prebuilt bundle carries its own stream code, so it needs no polyfills. */
declare module 'simple-peer/simplepeer.min.js' {
  export interface SimplePeerOptions {
    initiator: boolean;
    /** Keeps message boundaries on the reading side. */
    objectMode: true;
    channelName: string;
    channelConfig: RTCDataChannelInit;
    config: RTCConfiguration;
    trickle: true;
  }

  export type SignalData =
    | { type: 'offer' | 'answer'; sdp: string }
    | { type: 'candidate'; candidate: RTCIceCandidateInit };

  export default class SimplePeer {
    constructor(options: SimplePeerOptions);
    readonly bufferSize: number;
    readonly destroyed: boolean;
    /** Null once destroyed, and where the constructor of RTCPeerConnection threw. */
    readonly _pc: RTCPeerConnection | null;
    readonly _channel: RTCDataChannel | null;
    _isNegotiating: boolean;
    /** Begins a negotiation. */
    negotiate(): void;
    /** Makes an offer, sets and signals it. */
    _createOffer(): void;
    /** Takes what the channel brings, and would give it to the stream. */
    _onChannelMessage(event: MessageEvent<unknown>): void;
    signal(data: SignalData): void;
    send(bytes: Uint8Array<ArrayBuffer>): void;
    destroy(error?: Error): void;
    on(event: 'signal', listener: (data: SignalData) => void): this;
    on(event: 'close', listener: () => void): this;
    on(event: 'error', listener: (cause: Error) => void): this;
  }
}
