import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { FileView, Usage, Visibility } from './vault.ts';

/** Something a person should know: what happened, and what to do about it. */
export interface Problem {
  readonly code:
    | 'bad-link'
    | 'nobody-holds'
    | 'unreachable'
    | 'stalled'
    | 'corrupt'
    | 'evicted'
    | 'no-network'
    | 'wrong-key'
    | 'no-key'
    | 'disk-full'
    | 'not-readable'
    | 'unusable'
    | 'internal';
  readonly message: string;
  readonly advice: string;
}

export type TransferStatus =
  | { readonly state: 'hashing' }
  /** Ours, complete and offered to others. */
  | { readonly state: 'sharing' }
  /** Looking for peers that hold it; `problem` says why that takes long. */
  | { readonly state: 'finding'; readonly problem?: Problem | undefined }
  /** `elsewhere`: by another tab of this browser. */
  | { readonly state: 'fetching'; readonly elsewhere?: boolean; readonly problem?: Problem | undefined }
  | { readonly state: 'paused'; readonly problem?: Problem | undefined }
  | { readonly state: 'complete'; readonly problem?: Problem | undefined }
  | { readonly state: 'failed'; readonly problem: Problem };

/** One share or download, as a row shows it. */
export interface TransferView {
  /** Stable for as long as the row is there: the root, or the job while there is no root yet. */
  readonly id: string;
  readonly root?: Root | undefined;
  readonly name: string;
  /** Bytes of all files, undefined as long as that is not known. */
  readonly size: number | undefined;
  readonly visibility: Visibility;
  readonly files: readonly FileView[];
  readonly link?: string | undefined;
  /** Whether files can be opened and saved: complete, and the key fits. */
  readonly readable: boolean;
  readonly status: TransferStatus;
  /** 0 to 1. */
  readonly progress: number;
  /** Bytes per second. */
  readonly downRate: number;
  readonly upRate: number;
  /** Seconds to go at this rate, undefined where it cannot be said. */
  readonly secondsLeft?: number | undefined;
  /** Peers we fetch from, and that fetch from us. */
  readonly sources: readonly NodeId[];
  readonly receivers: readonly NodeId[];
  readonly addedAt: number;
}

export interface PeerView {
  readonly id: NodeId;
  readonly since: number;
  readonly rttMs: number | undefined;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** All that the screen shows, made anew with every change. */
export interface NodeSnapshot {
  readonly nodeId: NodeId;
  readonly signaling: 'connecting' | 'connected' | 'offline';
  /** Why the signaling server will not have us, where it said so. */
  readonly signalingProblem?: Problem | undefined;
  readonly peers: readonly PeerView[];
  /** DHT records kept for others. */
  readonly records: number;
  readonly usage: Usage;
  readonly transfers: readonly TransferView[];
}
