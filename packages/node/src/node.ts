import { errorText, every, stateWhere, type Clock, type Log, type Random } from '@tabswarm/base';
import { formatAppLink, parseLink } from '@tabswarm/content';
import { createDht } from '@tabswarm/dht';
import type { Transport } from '@tabswarm/net';
import type { Identity } from '@tabswarm/protocol/identity';
import { idFromText, type NodeId, type Root } from '@tabswarm/protocol/ids';
import type { LinkCounts } from '@tabswarm/protocol/page-config';
import type { PeerBook } from '@tabswarm/store/peer-book';
import { createSwarm, type BanBook } from '@tabswarm/swarm';
import type { Signaling, WebRtcTransport } from '@tabswarm/webrtc';
import { createAnnouncer } from './announcer.ts';
import type { Node } from './api.ts';
import { chosen, namingOf, onlyThese } from './choice.ts';
import { createDownloads } from './downloads.ts';
import { createDrawing } from './drawing.ts';
import type { Duties } from './duties.ts';
import { fileAt } from './file-at.ts';
import { fileStatuses } from './file-status.ts';
import { createHealing } from './healing.ts';
import { createHashingJobs } from './hashing-jobs.ts';
import { createHolders } from './holders.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createJobs } from './jobs.ts';
import { createLimiting } from './limiting.ts';
import { noLimitsMemory, type LimitsMemory } from './limits.ts';
import { noMemento, type Memento } from './memento.ts';
import { createReaders } from './readers.ts';
import { unknownRoom, type Room } from './room.ts';
import { createShares, type Share, type ShareUpdate } from './shares.ts';
import { createNetwork } from './network.ts';
import { watchPaths } from './no-path.ts';
import { problemOfDownload } from './problems.ts';
import type { NodeSnapshot } from './snapshot.ts';
import { createSupplying } from './supplying.ts';
import { TransferError } from './transfer-error.ts';
import { createTorrents } from './torrents.ts';
import { createVisits } from './visits.ts';
import type { Vault } from './vault.ts';
import { NotFoundError } from './vault/errors.ts';

/** How much is kept, and how much room there is, is found out so often. */
const MEASURE_MS = 2_000;

export interface NodeCollaborators {
  readonly vault: Vault;
  readonly transport: Transport & Partial<Pick<WebRtcTransport, 'connections' | 'wake'>>;
  readonly identity: Identity;
  /** Absent where a tab remembers nobody. */
  readonly book?: PeerBook | undefined;
  /** Absent where bans end with the page. */
  readonly bans?: BanBook | undefined;
  /** Absent where a tab lives on its links alone. */
  readonly signaling?: Signaling | undefined;
  readonly duties: Duties;
  /** Absent where nothing is known of the disk. */
  readonly room?: Room | undefined;
  readonly memento?: Memento | undefined;
  readonly limits?: LimitsMemory | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface NodeOptions {
  /** The address that links lead to, such as `https://example.org/`. */
  readonly site: string;
  /** Where they are not given, those of the overlay itself. */
  readonly links?: LinkCounts | undefined;
}

export function createNode(collaborators: NodeCollaborators, { site, links }: NodeOptions): Node {
  const { vault, identity, signaling, duties, room = unknownRoom, clock, random, log } = collaborators;
  const { transport, noPath } = watchPaths(collaborators.transport, clock);
  const shares = createShares(vault);
  const { bans } = collaborators;
  const swarm = createSwarm({
    transport,
    library: shares.library,
    bans,
    identity,
    clock,
    random,
    log: log.scoped('swarm'),
  });
  const dht = createDht(
    { transport, identity, clock, random, log },
    { isLinkInUse: (node) => swarm.uses(node), ...(links ? { links } : {}) },
  );
  const limiting = createLimiting({
    swarm,
    memory: collaborators.limits ?? noLimitsMemory,
    onChange: () => redraw(),
  });
  const network = createNetwork({ transport, dht, clock, random });
  const announcer = createAnnouncer({ shares, dht, log });
  const jobs = createJobs({ vault, room, random, clock, log, onChange: () => redraw() });
  const hashing = createHashingJobs({ vault, jobs, now: () => clock.now(), onChange: () => redraw() });
  const supplying = createSupplying({ vault, jobs, log });
  const holders = createHolders({ dht, transport, clock, log: log.scoped('downloads') });
  const downloads = createDownloads({
    shares,
    swarm,
    findHolders: holders.find,
    isRead: (root) => readers.isWanted(root),
    duties,
    room,
    clock,
    log: log.scoped('downloads'),
    onChange() {
      visits.reconcile();
      redraw();
    },
  });
  const readers = createReaders({ vault, shares, swarm, onChange: () => downloads.reconcile() });
  const housekeeping = createHousekeeping({
    vault,
    shares,
    room,
    memento: collaborators.memento ?? noMemento,
    log,
    onChange: () => redraw(),
    onRoom(measured) {
      if (!running) return;
      jobs.onRoom(measured);
      downloads.onRoom(measured);
    },
  });
  const visits = createVisits({ signaling, shares, stateOf: (root) => downloads.state(root), clock });
  const healing = createHealing({
    transport,
    dht,
    signaling,
    book: collaborators.book,
    onWake: () => downloads.wake(),
    clock,
    log: log.scoped('healing'),
  });
  let running: AbortController | undefined;
  const linkTo = ({ view }: Share): string =>
    formatAppLink(site, {
      root: view.root,
      key: view.key,
      name: view.name,
      length: view.metainfo?.files.reduce((sum, { length }) => sum + length, 0),
      signaling: view.signaling,
    });

  const drawing = createDrawing({
    limiting,
    housekeeping,
    transport,
    noPath,
    dht,
    swarm,
    shares,
    jobs: hashing,
    supplying,
    downloads,
    network,
    signaling,
    linkTo,
    clock,
  });
  const { snapshot, redraw, drawNow } = drawing;

  const reconcile = (): void => {
    announcer.reconcile();
    downloads.reconcile();
    visits.reconcile();
  };

  const onShareUpdate = (update: ShareUpdate): void => {
    reconcile();
    drawing.onShare(update);
  };

  const add: Node['add'] = async (text, { files } = {}) => {
    const { root, key, name, signaling: servers } = parseLink(text);
    const listed = shares.get(root) !== undefined;
    if (!listed && running) holders.lookAhead(root);
    const choice = files && onlyThese(files);
    try {
      shares.put(await vault.want({ root, key, name, signaling: servers, choice }));
      if (listed && files) await choose(root, 'normal', files);
    } catch (cause) {
      log.warn('could not list a share', { cause: errorText(cause) });
      throw new TransferError(problemOfDownload(cause));
    }
    // Who pastes a link again wants it to go on, whatever had stopped it.
    if (shares.get(root)?.view.paused === true) await setPaused(root, false);
    else if (downloads.state(root)?.problem) downloads.retry(root);
    void room.persist();
    return root;
  };

  const choose: Node['choose'] = async (root, priority, paths) => {
    const view = shares.get(root)?.view;
    const choice = chosen(view?.choice, priority, paths, view && namingOf(view));
    shares.put(await vault.choose(root, choice));
  };

  const setPaused = async (id: string, paused: boolean, anyway = false): Promise<void> => {
    if (await jobs.setPaused(id, paused)) return;
    const root = idFromText<Root>(id);
    await vault.setPaused(root, paused);
    if (!paused) downloads.retry(root, { anyway });
  };

  /** The row of a share when it is done or needs the user, in a drawing other than `before`. */
  const settled = (
    root: Root,
    before: NodeSnapshot | undefined,
    signal: AbortSignal | undefined,
  ): Promise<NodeSnapshot> =>
    stateWhere(
      snapshot,
      (drawn) => {
        if (drawn === before) return false;
        const { transfers } = drawn;
        const row = transfers.find((transfer) => transfer.root === root);
        if (!row) return shares.get(root) === undefined;
        const { status } = row;
        const done = status.state === 'complete' || status.state === 'sharing';
        const stopped = status.state === 'paused' && (!!status.problem || status.choosing === true);
        return done || stopped || status.state === 'failed';
      },
      signal ? { signal } : {},
    );

  return {
    snapshot,
    async start() {
      if (running) return;
      running = new AbortController();
      const { signal } = running;
      const unsubscribe = [
        shares.onChange(onShareUpdate),
        transport.onLink((link) => {
          redraw();
          downloads.wake();
          link.closed.addEventListener('abort', redraw);
        }),
        dht.state.subscribe(redraw),
        signaling?.state.subscribe(redraw),
        signaling?.onPeers((peers) => dht.addContacts(peers)),
      ];
      signal.addEventListener('abort', () => {
        for (const stop of unsubscribe) stop?.();
      });
      await shares.load();
      housekeeping.start();
      await transport.start();
      await dht.start();
      swarm.start();
      limiting.start({ signal });
      signaling?.start();
      drawing.start({ signal });
      every(
        clock,
        () => MEASURE_MS,
        () => housekeeping.measure(),
        { signal },
      );
      healing.start({ signal });
      housekeeping.measure();
      reconcile();
      redraw();
    },
    wake: () => healing.wake(),
    async stop() {
      if (!running) return;
      running.abort();
      running = undefined;
      downloads.stop();
      visits.stop();
      swarm.stop();
      signaling?.stop();
      await dht.stop();
      await transport.stop();
      shares.stop();
    },
    async share(files, { visibility = 'private', name, signal } = {}) {
      const view = await hashing.run(files, { visibility, name, signal });
      shares.put(view);
      housekeeping.measure();
      void room.persist();
      const share = shares.get(view.root);
      if (!share) throw new Error('the share was removed while it was being added');
      return { link: linkTo(share), root: view.root };
    },
    add,
    async download(link, { files, signal } = {}) {
      signal?.throwIfAborted();
      const root = await add(link, { files });
      // Whoever asks for the share and not for files of it wants all of it, whatever was chosen before.
      if (!files && shares.get(root)?.view.choice) await choose(root, 'normal');
      // What was drawn before may show what had stopped it then. Drawing at once would hold up the search for holders.
      const before = running ? snapshot.get() : undefined;
      if (running) redraw();
      else drawNow();
      try {
        const { transfers } = await settled(root, before, signal);
        const row = transfers.find((transfer) => transfer.root === root);
        if (!row) throw new Error('the download was removed');
        if ('problem' in row.status && row.status.problem && row.status.state !== 'complete') {
          throw new TransferError(row.status.problem);
        }
        const absent = files?.find((path) => !fileAt(row.files, path, row.name));
        if (absent) throw new NotFoundError(`this share has no file ${absent.join('/')}`);
        return { root };
      } catch (cause) {
        if (signal?.aborted === true) await vault.setPaused(root, true);
        throw cause;
      }
    },
    choose,
    files(root, first, count) {
      const share = shares.get(root);
      return share ? fileStatuses(share, first, count) : [];
    },
    read: (root, path) => vault.read(root, path),
    stream: readers.stream,
    ...createTorrents({ vault, shares, room, log }),
    supply: supplying.supply,
    setLimits(limits) {
      limiting.set(limits);
      drawNow();
    },
    exploreNetwork: () => network.explore(),
    pause: (id) => setPaused(id, true),
    resume: (id, { anyway } = {}) => setPaused(id, false, anyway),
    dismissLost: () => housekeeping.dismissLost(),
    async remove(id) {
      if (hashing.dismiss(id) || (await jobs.cancel(id))) return;
      const share = shares.all().find(({ view }) => view.root === id);
      if (share) await vault.remove(share.view.root);
      housekeeping.measure();
    },
    async connect(nodeId, { signal } = {}) {
      await transport.dial(idFromText<NodeId>(nodeId), { signal });
    },
  };
}
