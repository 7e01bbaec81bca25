import { createState, every, type Clock, type State } from '@tabswarm/base';
import type { Dht } from '@tabswarm/dht';
import type { Transport } from '@tabswarm/net';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { Swarm } from '@tabswarm/swarm';
import type { ConnectionCounts, Signaling, WebRtcTransport } from '@tabswarm/webrtc';
import type { Downloads } from './downloads.ts';
import type { HashingJobs } from './hashing-jobs.ts';
import type { Housekeeping } from './housekeeping.ts';
import type { Limiting } from './limiting.ts';
import type { Network } from './network.ts';
import { noNetwork, signalingRefused } from './problems.ts';
import type { Share, ShareUpdate, Shares } from './shares.ts';
import type { NodeSnapshot } from './snapshot.ts';
import type { Supplying } from './supplying.ts';
import { viewTransfer } from './transfer-view.ts';

/** The screen follows what has happened after so long. */
const REDRAW_MS = 200;
/**
 * Rates and times change without an event of their own, and blocks come faster than anybody looks: that more of them are
 * here is drawn with these, as each redraw takes from the machine what the transfer needs.
 */
const TICK_MS = 500;

/** Below this a part of 64 KiB does not come every second. */
const SLOW_BYTES_PER_SECOND = 64 * 1024;

const NO_CONNECTIONS: ConnectionCounts = { open: 0, uncollected: 0, made: 0 };

/** Draws the snapshot that the screen shows from what every part of the node knows. */
export interface Drawing {
  readonly snapshot: State<NodeSnapshot>;
  /** Until the signal aborts. */
  start(options: { readonly signal: AbortSignal }): void;
  /** Something has changed: the snapshot follows soon. */
  redraw(): void;
  /** A share has changed: drawn at once where all that is wanted of it has come, as somebody may wait for that. */
  onShare(update: ShareUpdate): void;
  /** The snapshot as of now, for whoever cannot wait for the next redraw. */
  drawNow(): void;
}

export interface DrawingParts {
  readonly limiting: Pick<Limiting, 'current'>;
  readonly housekeeping: Pick<Housekeeping, 'usage' | 'room' | 'lost'>;
  readonly transport: Transport & Partial<Pick<WebRtcTransport, 'connections'>>;
  readonly noPath: () => boolean;
  readonly dht: Dht;
  readonly swarm: Swarm;
  readonly shares: Shares;
  readonly jobs: Pick<HashingJobs, 'views' | 'renamed'>;
  readonly supplying: Pick<Supplying, 'view'>;
  readonly downloads: Downloads;
  readonly network: Network;
  readonly signaling?: Signaling | undefined;
  readonly linkTo: (share: Share) => string;
  readonly clock: Clock;
}

export function createDrawing(parts: DrawingParts): Drawing {
  const { housekeeping, transport, noPath, dht, swarm, shares, jobs, downloads, network, signaling } = parts;
  const { limiting, supplying, linkTo, clock } = parts;
  const openedAt = clock.now();
  let running: AbortSignal | undefined;
  let redrawing = false;

  const draw = (): NodeSnapshot => {
    const state = signaling?.state.get();
    const around = {
      now: clock.now(),
      signaling: state?.state ?? ('offline' as const),
      peers: transport.links().length,
      noPath: noPath(),
      openedAt,
      routeTo: (peer: NodeId) => transport.link(peer)?.stats().route,
      slowly: (limiting.current().down ?? Infinity) < SLOW_BYTES_PER_SECOND,
    };
    const rows = shares.all().map((share) => {
      const { root } = share.view;
      const [activity, download] = [swarm.activity(root), downloads.state(root)];
      const own = { supply: supplying.view(root), renamed: jobs.renamed(root) };
      return viewTransfer(share, activity, download, around, linkTo(share), own);
    });
    return {
      nodeId: transport.self,
      signaling: around.signaling,
      signalingProblem:
        state?.state === 'offline' && state.refusal ? signalingRefused(state.refusal) : undefined,
      peers: network.peers(),
      network: {
        ...network.view(),
        problem: around.peers === 0 ? noNetwork(around.signaling, around.noPath) : undefined,
      },
      connections: transport.connections?.() ?? NO_CONNECTIONS,
      records: dht.state.get().records,
      limits: limiting.current(),
      usage: housekeeping.usage,
      room: housekeeping.room,
      lost: housekeeping.lost,
      transfers: [...rows, ...jobs.views()].toSorted((a, b) => b.addedAt - a.addedAt),
    };
  };

  const snapshot = createState<NodeSnapshot>(draw());
  const isRunning = (): boolean => running?.aborted === false;
  const drawNow = (): void => snapshot.set(draw());

  const drawIfRunning = (): void => {
    if (isRunning()) drawNow();
  };

  const redraw = (): void => {
    if (redrawing || !isRunning()) return;
    redrawing = true;
    clock.after(REDRAW_MS, () => {
      redrawing = false;
      drawIfRunning();
    });
  };

  /** A download, and not drawn yet. The row of what is shared here comes with the end of that of its hashing. */
  const isJustDone = (root: Root): boolean => {
    const share = shares.get(root);
    if (share?.wanted.done !== true || share.view.origin === 'shared') return false;
    const row = snapshot.get().transfers.find((transfer) => transfer.root === root);
    return row === undefined || row.status.state === 'fetching' || row.status.state === 'finding';
  };

  return {
    snapshot,
    start({ signal }) {
      running = signal;
      every(clock, () => TICK_MS, redraw, { signal });
    },
    redraw,
    onShare({ root, isProgress }) {
      // What is done with the drawing must not become part of storing a block.
      if (isJustDone(root)) clock.after(0, drawIfRunning);
      else if (!isProgress) redraw();
    },
    drawNow,
  };
}
