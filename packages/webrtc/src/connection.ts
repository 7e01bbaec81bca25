import type { Route } from '@tabswarm/net';

/** What the link needs of one data channel, whatever is under it. */
export interface Pipe {
  /** Bytes handed over and not yet on the wire. */
  buffered(): number;
  /** Throws where the channel is closed or the browser's queue is full. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  onMessage(listener: (bytes: Uint8Array<ArrayBuffer>) => void): void;
  /** Calls `listener` whenever `buffered()` falls to `threshold` bytes. */
  onLow(listener: () => void): void;
  setLowThreshold(bytes: number): void;
}

/** A session description or candidate on its way to the other side. */
export type Signal =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: RTCIceCandidateInit };

/** One peer connection with its two channels. */
export interface Connection {
  readonly control: Pipe;
  readonly bulk: Pipe;
  /** Resolves when both channels are open; rejects where the connection fails or is closed before that. */
  readonly opened: Promise<void>;
  /** Resolves, never rejects, when the connection is over. */
  readonly over: Promise<void>;
  /** How its packets travel now; undefined where that is not known, and once it is over. */
  route(): Promise<Route | undefined>;
  /** Takes in what the other side signalled; what comes after the end is passed over. */
  signal(signal: Signal): void;
  close(): void;
}

/**
 * Makes a peer connection: simple-peer's in the product, one of memory in tests. `onMade` is given the object that the
 * browser counts; once the connection is over, nothing of it refers to that object any more.
 */
export type OpenConnection = (options: {
  readonly initiator: boolean;
  readonly iceServers: readonly RTCIceServer[];
  readonly onSignal: (signal: Signal) => void;
  readonly onMade: (object: object) => void;
}) => Connection;
