import type { Route } from '@tabswarm/net';
import type { NodeId } from '@tabswarm/protocol/ids';
import type { Activity } from '@tabswarm/swarm';
import { isChosen } from './choice.ts';
import type { DownloadState } from './downloads.ts';
import {
  corrupt,
  evicted,
  noKey,
  nobodyHolds,
  noNetwork,
  stalled,
  waitingTurn,
  unreachable,
  unreadable,
  wrongKey,
} from './problems.ts';
import { needFor, viewReceivers } from './receiver-view.ts';
import type { Share } from './shares.ts';
import type { NodeSnapshot, Problem, TransferStatus, TransferView } from './snapshot.ts';

/** A person is told why nothing moves after so long at the latest. */
const QUIET_LIMIT_MS = 2_000;

export interface Surroundings {
  readonly now: number;
  readonly signaling: NodeSnapshot['signaling'];
  readonly peers: number;
  /** Other tabs were found lately, and no network path to them. */
  readonly noPath: boolean;
  /** Milliseconds since the epoch: when this tab began. */
  readonly openedAt: number;
  readonly routeTo: (peer: NodeId) => Route | undefined;
  /** The user's limit is so low that nothing may come for seconds. */
  readonly slowly: boolean;
}

/** The row of a share, from what is known of it. Pure: the same input gives the same row. */
export function viewTransfer(
  share: Share,
  activity: Activity,
  download: DownloadState | undefined,
  around: Surroundings,
  link: string,
  /** What is known of the user's own files. */
  own: Pick<TransferView, 'supply' | 'renamed'> = { renamed: [] },
): TransferView {
  const { view, wanted } = share;
  const { metainfo } = view;
  const status = statusOf(share, activity, download, around);
  const openable = metainfo !== undefined && (view.keyState === 'none' || view.keyState === 'ok');
  const fresh = view.origin === 'shared' && view.addedAt >= around.openedAt;
  const downRate = sum(activity.sources.map(({ rate }) => rate));
  const bytesLeft = metainfo ? wanted.bytes - wanted.keptBytes : undefined;
  const isPart = metainfo !== undefined && isChosen(view) && wanted.files < metainfo.files.length;
  return {
    id: view.root,
    root: view.root,
    name: view.name ?? `${view.visibility === 'private' ? 'Sealed share' : 'Share'} ${view.root.slice(0, 8)}`,
    size: metainfo && sum(metainfo.files.map(({ length }) => length)),
    visibility: view.visibility,
    files: metainfo?.files ?? [],
    chosen: isPart ? { files: wanted.files, bytes: wanted.fileBytes } : undefined,
    link,
    readable: wanted.done && wanted.files > 0 && openable,
    openable,
    hasTorrent: view.visibility === 'public' && metainfo?.missingHashes.length === 0,
    status,
    ...own,
    progress: status.state === 'complete' || status.state === 'sharing' ? 1 : progressOf(share),
    downRate,
    upRate: sum(activity.uploads.map(({ rate }) => rate)),
    secondsLeft: bytesLeft !== undefined && downRate > 0 ? bytesLeft / downRate : undefined,
    sources: activity.sources.map(({ peer }) => peer),
    receivers: viewReceivers(activity, around.routeTo),
    needed: needFor(activity, { fresh: fresh && status.state === 'sharing' }),
    addedAt: view.addedAt,
  };
}

function progressOf({ view, wanted }: Share): number {
  // A share of empty files only is complete as soon as its metainfo is there. While the list of names is all that is
  // fetched, how far that has come says nothing.
  return wanted.bytes > 0 && isChosen(view) ? wanted.keptBytes / wanted.bytes : 0;
}

function statusOf(
  { view, wanted: { done, files } }: Share,
  { sources }: Activity,
  download: DownloadState | undefined,
  around: Surroundings,
): TransferStatus {
  if (view.keyState === 'wrong') return { state: 'failed', problem: wrongKey() };
  if (view.keyState === 'unreadable') return { state: 'failed', problem: unreadable() };
  // All blocks are here, and the names are being read: saving would save under opaque ones.
  if (done && view.keyState === 'unchecked') return { state: 'fetching' };
  if (done && files === 0) return { state: 'paused', choosing: true };
  if (done && view.origin === 'shared') return { state: 'sharing' };
  if (done) return { state: 'complete', problem: view.keyState === 'missing' ? noKey() : undefined };
  if (view.paused) return { state: 'paused' };
  if (download?.problem) return { state: 'paused', problem: download.problem };
  if (download && !download.held) return { state: 'fetching', elsewhere: true };
  if (sources.length === 0 && !download?.sources.size) {
    if (view.origin === 'shared') return { state: 'finding', problem: evicted() };
    return { state: 'finding', problem: download && whyNobody(download, around) };
  }
  const moving = sources.some(({ rate }) => rate > 0);
  const quiet = download !== undefined && around.now - download.joinedAt >= QUIET_LIMIT_MS;
  // Said from the beginning: nobody should wait for gigabytes to learn that they cannot be opened.
  if (!quiet || moving || around.slowly)
    return view.keyState === 'missing' ? { state: 'fetching', problem: noKey() } : { state: 'fetching' };
  return { state: 'fetching', problem: sources.some(({ choked }) => choked) ? waitingTurn() : stalled() };
}

/** Why there is still no source, once that has taken so long that a person wonders. */
function whyNobody(
  download: DownloadState,
  { now, signaling, peers, noPath }: Surroundings,
): Problem | undefined {
  if (download.banned.size > 0) return corrupt();
  const [reason] = download.failed.values();
  if (reason !== undefined) return unreachable(download.failed.size, reason);
  // A lookup that ends sooner says little where this tab has only just linked up.
  if (now - download.since < QUIET_LIMIT_MS) return undefined;
  return peers === 0 ? noNetwork(signaling, noPath) : nobodyHolds();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
