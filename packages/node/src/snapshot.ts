import type { LookupTrace } from '@tabswarm/dht';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { Limits } from '@tabswarm/swarm';
import type { ConnectionCounts } from '@tabswarm/webrtc';
import type { Need, ReceiverView } from './receiver-view.ts';
import type { RoomView } from './room.ts';
import type { FileView, Usage, Visibility } from './vault.ts';

/** Something a person should know: what happened, and what to do about it. */
export interface Problem {
  readonly code:
    | 'bad-link'
    | 'nobody-holds'
    | 'unreachable'
    | 'stalled'
    | 'waiting-turn'
    | 'corrupt'
    | 'evicted'
    | 'no-network'
    | 'wrong-key'
    | 'no-key'
    | 'disk-full'
    | 'no-room'
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
  /** `choosing`: the files are known, and none of them is to be fetched so far. */
  | { readonly state: 'paused'; readonly choosing?: boolean; readonly problem?: Problem | undefined }
  | { readonly state: 'complete'; readonly problem?: Problem | undefined }
  | { readonly state: 'failed'; readonly problem: Problem };

/** A file that has another path from now on. */
export interface Renamed {
  readonly from: string;
  readonly to: string;
}

/** Files of the user's own that are being checked: what of them is the share's need not be fetched. */
export interface SupplyView {
  /** For `pause`, `resume` and `remove`, which stops it. */
  readonly id: string;
  readonly status:
    | { readonly state: 'checking' }
    | { readonly state: 'paused'; readonly problem?: Problem | undefined };
  /** 0 to 1. */
  readonly progress: number;
}

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
  /** Of what was shared here since this tab was opened: files that have other names in the share. */
  readonly renamed: readonly Renamed[];
  /** How many of the files, and bytes of them, are to be fetched; absent where all are. */
  readonly chosen?: { readonly files: number; readonly bytes: number } | undefined;
  readonly link?: string | undefined;
  /** Whether files can be opened and saved: all that was chosen is here, and the key fits. */
  readonly readable: boolean;
  /** Whether its files' names are known and their bytes can be opened as they arrive. */
  readonly openable: boolean;
  /** Whether all is known that a `.torrent` file of it says. */
  readonly hasTorrent: boolean;
  readonly status: TransferStatus;
  /** Absent where no files are being checked for it. */
  readonly supply?: SupplyView | undefined;
  /** 0 to 1, of what is to be fetched. */
  readonly progress: number;
  /** Bytes per second. */
  readonly downRate: number;
  readonly upRate: number;
  /** Seconds to go at this rate, undefined where it cannot be said. */
  readonly secondsLeft?: number | undefined;
  /** Peers we fetch from. */
  readonly sources: readonly NodeId[];
  /** Those who were given of it since this tab was opened. */
  readonly receivers: readonly ReceiverView[];
  /** Why this tab should not be closed yet: somebody is receiving, or nobody else has all of it. */
  readonly needed?: Need | undefined;
  readonly addedAt: number;
}

/** A tab that this one is linked to. */
export interface PeerView {
  readonly id: NodeId;
  /** How many leading bits of their ids the two share; undefined until it has said that it takes part in the overlay. */
  readonly bucket: number | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  readonly rttMs: number | undefined;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Bytes per second. */
  readonly downRate: number;
  readonly upRate: number;
}

/** This tab's part in the overlay. */
export interface NetworkView {
  /** Nodes known but not linked. */
  readonly contacts: number;
  /** The latest lookups of this tab, oldest first, as far as they have come. */
  readonly lookups: readonly LookupTrace[];
  /** Why there is no link at all, and what to do. */
  readonly problem?: Problem | undefined;
}

/** All that the screen shows, made anew with every change. */
export interface NodeSnapshot {
  readonly nodeId: NodeId;
  readonly signaling: 'connecting' | 'connected' | 'offline';
  /** Why the signaling server will not have us, where it said so. */
  readonly signalingProblem?: Problem | undefined;
  readonly peers: readonly PeerView[];
  readonly network: NetworkView;
  /** Peer connections: open, not collected by the browser yet (the open ones included), and made since the start. */
  readonly connections: ConnectionCounts;
  /** DHT records kept for others. */
  readonly records: number;
  /** The user's, in bytes per second; undefined where there is none. */
  readonly limits: Limits;
  readonly usage: Usage;
  /** Undefined where the browser does not say. */
  readonly room: RoomView | undefined;
  /** That the browser has cleared away everything that was kept. */
  readonly lost?: Problem | undefined;
  readonly transfers: readonly TransferView[];
}
