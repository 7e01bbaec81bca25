import { errorText, sleep, type Clock, type Log } from '@tabswarm/base';
import type { UnreachableReason } from '@tabswarm/net';
import type { NodeId, Root } from '@tabswarm/protocol/ids';
import type { FetchEvent, Swarm } from '@tabswarm/swarm';
import type { Duties } from './duties.ts';
import { problemOfDownload } from './problems.ts';
import { hasRoomCome, NoRoomError, startWait, type Room, type RoomView, type RoomWait } from './room.ts';
import type { Share, Shares } from './shares.ts';
import type { Problem } from './snapshot.ts';

/**
 * Looking for holders again, when there are too few: soon at first, as who pastes a link the moment it is made is ahead
 * of its announcement; then ever less often.
 */
const FIRST_LOOK_AGAIN_MS = 250;
const MAX_LOOK_AGAIN_MS = 30_000;
/** As long as a source delivers: those who take part tell one another of more. */
const FED_LOOK_AGAIN_MS = 5 * 60_000;

/** How a download is getting on; what the screen says of it is made from this. */
export interface DownloadState {
  /** Whether this tab does it; otherwise another tab of this browser does, and this one stands by. */
  held: boolean;
  /** Milliseconds since the epoch: when looking for holders began. */
  since: number;
  /** When the latest source joined. */
  joinedAt: number;
  /** Nodes that are said to hold it and could not be used, with the reason. */
  readonly failed: Map<NodeId, UnreachableReason | 'not-holding'>;
  readonly sources: Set<NodeId>;
  /** Nodes that sent what is not the share's. */
  readonly banned: Set<NodeId>;
  /** What ended it: it waits for the user, or for room. */
  problem?: Problem | undefined;
}

/** Fetches what is wanted of every share that is listed, until it is here, and what is being read. */
export interface Downloads {
  state(root: Root): DownloadState | undefined;
  /** Starts what should run and stops what should not. */
  reconcile(): void;
  /** Tries again what stopped for a problem; `anyway` also where there is less room than it needs. */
  retry(root: Root, options?: { readonly anyway?: boolean }): void;
  /** The room was measured: what stopped for want of it may go on. */
  onRoom(room: RoomView): void;
  /** Somebody linked up: looking again may find more. */
  wake(): void;
  stop(): void;
}

export interface DownloadsCollaborators {
  readonly shares: Shares;
  readonly swarm: Swarm;
  readonly findHolders: (root: Root, signal: AbortSignal) => AsyncIterable<NodeId>;
  /** Whether somebody reads of the share what is not all here. */
  readonly isRead: (root: Root) => boolean;
  readonly duties: Duties;
  readonly room: Room;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
}

interface Running {
  readonly state: DownloadState;
  readonly roomWait: RoomWait;
  /** The user wants it, however little room there is. */
  readonly anyway: boolean;
  /** What of it was here when it stopped for a problem. */
  keptBytes?: number | undefined;
  readonly over: AbortController;
  /** While another tab of this browser has the download: ends the fetch of what is read in this one. */
  aside?: AbortController | undefined;
  lookNow: () => void;
}

export function createDownloads(collaborators: DownloadsCollaborators): Downloads {
  const { shares, swarm, findHolders, isRead, duties, room, clock, log, onChange } = collaborators;
  const running = new Map<Root, Running>();

  /** Holders, looked for again and again: a download that nobody can serve now may be served later. */
  async function* holders(
    root: Root,
    run: Running,
    signal: AbortSignal,
  ): AsyncGenerator<NodeId, void, undefined> {
    let pause = FIRST_LOOK_AGAIN_MS;
    let lookedAt = -Infinity;
    for (;;) {
      const isFed = swarm.activity(root).sources.some(({ rate }) => rate > 0);
      if (!isFed || clock.now() - lookedAt >= FED_LOOK_AGAIN_MS) {
        lookedAt = clock.now();
        for await (const node of findHolders(root, signal)) yield node;
      }
      const early = new AbortController();
      run.lookNow = () => early.abort();
      await sleep(clock, pause, { signal: AbortSignal.any([early.signal, signal]) }).catch(() => undefined);
      if (signal.aborted) return;
      pause = early.signal.aborted ? FIRST_LOOK_AGAIN_MS : Math.min(MAX_LOOK_AGAIN_MS, pause * 2);
    }
  }

  const onEvent = (run: Running, event: FetchEvent): void => {
    const { state } = run;
    if (event.type === 'joined') {
      state.joinedAt = clock.now();
      state.sources.add(event.peer);
      state.failed.delete(event.peer);
    } else if (event.type === 'left') {
      state.sources.delete(event.peer);
      if (state.sources.size === 0) run.lookNow();
    } else if (event.type === 'banned') state.banned.add(event.peer);
    else if (event.type === 'unreachable') state.failed.set(event.peer, event.reason);
    onChange();
  };

  /** What the other downloads of this tab have yet to store: room that is free, but theirs. */
  const spokenFor = (besides: Root): number => {
    let bytes = 0;
    for (const [root, { state }] of running) {
      if (root !== besides && state.held) bytes += bytesMissing(shares.get(root));
    }
    return bytes;
  };

  /** Throws a NoRoomError where it is known how much is missing, and that there is no room for it. */
  const checkRoom = async (root: Root, { anyway }: Running): Promise<void> => {
    const needed = bytesMissing(shares.get(root));
    if (anyway || needed === 0) return;
    const measured = await room.measure();
    if (!measured || measured.nominal) return;
    const free = Math.max(0, measured.free - spokenFor(root));
    if (free < needed) throw new NoRoomError(needed, free);
  };

  /** `signal` aborts with the download, or when another tab takes it over. */
  const fetch = async (root: Root, run: Running, signal: AbortSignal): Promise<void> => {
    run.aside?.abort();
    run.state.held = true;
    run.state.since = clock.now();
    const letGo = (): void => {
      run.state.held = false;
      run.state.sources.clear();
      onChange();
    };
    // Another tab may have it before what is under way here has ended.
    signal.addEventListener('abort', letGo);
    onChange();
    try {
      await checkRoom(root, run);
      for await (const event of swarm.fetch(root, holders(root, run, signal), { signal })) {
        onEvent(run, event);
        if (event.type === 'informed') await checkRoom(root, run);
      }
    } finally {
      letGo();
    }
  };

  const start = (root: Root, anyway = false): void => {
    const run: Running = {
      state: {
        held: false,
        since: clock.now(),
        joinedAt: 0,
        failed: new Map(),
        sources: new Set(),
        banned: new Set(),
      },
      roomWait: {},
      anyway,
      over: new AbortController(),
      lookNow: () => undefined,
    };
    running.set(root, run);
    duties
      .hold(`download ${root}`, (signal) => fetch(root, run, signal), { signal: run.over.signal })
      .then(
        () => {
          // A newer one may have taken its place.
          if (running.get(root) === run) running.delete(root);
        },
        (cause: unknown) => {
          if (run.over.signal.aborted) return;
          log.warn('a download stopped', { root, cause: errorText(cause) });
          run.state.problem = problemOfDownload(cause);
          run.keptBytes = shares.get(root)?.keptBytes;
          void startWait(room, run.roomWait);
          // What is read of it may be small enough.
          fetchAside(root, run);
        },
      )
      .finally(onChange);
  };

  /** The tab that has the download knows nothing of readers in this one, which fetches for them itself. */
  const fetchAside = (root: Root, run: Running): void => {
    const reading = !run.state.held && isRead(root);
    if (!reading) {
      run.aside?.abort();
      run.aside = undefined;
    }
    if (!reading || run.aside) return;
    const aside = new AbortController();
    run.aside = aside;
    const signal = AbortSignal.any([aside.signal, run.over.signal]);
    const read = async (): Promise<void> => {
      for await (const event of swarm.fetch(root, holders(root, run, signal), { onlyRead: true, signal }))
        onEvent(run, event);
    };
    read()
      .catch((cause: unknown) => {
        if (!signal.aborted) log.warn('what is read could not be fetched', { root, cause: errorText(cause) });
      })
      .finally(() => {
        if (run.aside === aside) run.aside = undefined;
      });
  };

  const stopOne = (root: Root): void => {
    running.get(root)?.over.abort();
    running.delete(root);
  };

  /**
   * Whether another tab has made progress with what stopped this one: it stands by again, for when that tab closes. Nothing
   * less is taken for it, or tabs of which none gets on would try in turns for ever.
   */
  const isOvercome = ({ state, aside, keptBytes = Infinity }: Running, share: Share): boolean =>
    state.problem !== undefined && !aside && share.keptBytes > keptBytes;

  const isWanted = (share: Share): boolean =>
    isOfUse(share) && (!share.wanted.done || isRead(share.view.root));

  const reconcile = (): void => {
    for (const share of shares.all()) {
      if (isWanted(share) && !running.has(share.view.root)) start(share.view.root);
    }
    for (const [root, run] of running) {
      const share = shares.get(root);
      if (!share || !isWanted(share)) stopOne(root);
      else if (isOvercome(run, share)) retry(root, run);
      else fetchAside(root, run);
    }
  };

  const retry: Downloads['retry'] = (root, { anyway = false } = {}) => {
    stopOne(root);
    const share = shares.get(root);
    if (share && isWanted(share)) start(root, anyway);
    onChange();
  };

  return {
    state: (root) => running.get(root)?.state,
    reconcile,
    retry,
    onRoom(measured) {
      for (const [root, { state, roomWait, anyway }] of running) {
        const needed = bytesMissing(shares.get(root));
        const goesOn =
          (state.problem?.code === 'no-room' &&
            (measured.nominal || measured.free - spokenFor(root) >= needed)) ||
          (state.problem?.code === 'disk-full' && hasRoomCome(roomWait, measured, needed, clock.now()));
        if (goesOn) retry(root, { anyway });
      }
    },
    wake() {
      for (const run of running.values()) if (run.state.sources.size === 0) run.lookNow();
    },
    stop() {
      for (const root of running.keys()) stopOne(root);
    },
  };
}

/** 0 while it is not known how much there is of it. */
function bytesMissing(share: Share | undefined): number {
  return share?.view.metainfo ? share.wanted.bytes - share.wanted.keptBytes : 0;
}

/** Not paused, and of use once it is here: a wrong key opens nothing, nor does a manifest that we do not take. */
function isOfUse({ view }: Share): boolean {
  return !view.paused && view.keyState !== 'wrong' && view.keyState !== 'unreadable';
}
