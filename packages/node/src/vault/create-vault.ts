import { errorText, silentLog, type Clock, type Log, type Random } from '@tabswarm/base';
import type { BlockId, Root } from '@tabswarm/protocol/ids';
import type { ShareRecord, Stores } from '@tabswarm/store';
import type { ShareView, Usage, Vault } from '../vault.ts';
import { createAdding } from './adding.ts';
import { NotFoundError } from './errors.ts';
import { viewOf } from './held-share.ts';
import { createHoldings } from './holdings.ts';
import { createIntake } from './intake.ts';
import { createJobs } from './jobs.ts';
import { createOutlet } from './outlet.ts';
import type { StoreLock } from './store-lock.ts';
import { createSupplying } from './supplying.ts';
import { createTorrents } from './torrents.ts';

export interface VaultCollaborators {
  /** The vault deletes blocks that no share has, so nobody else may keep theirs in this store. */
  readonly stores: Stores;
  readonly lock: StoreLock;
  readonly random: Random;
  readonly clock: Clock;
  readonly log?: Log | undefined;
}

/** A vault in this thread. */
export interface LocalVault extends Vault {
  /** Hears no more of what other tabs do. The stores stay open. */
  close(): void;
}

export function createVault({
  stores,
  lock,
  random,
  clock,
  log = silentLog,
}: VaultCollaborators): LocalVault {
  const { blocks, shares } = stores;
  const holdings = createHoldings(stores, log);
  /** Blocks of a share that was removed while one was being added: deleted after that. */
  let freeingDue = false;

  /**
   * Deletes the blocks that no share has, such as those that a tab left behind that was closed while it added one. Not
   * while any tab adds a share, since its blocks are nobody's until the share is listed.
   */
  const sweep = async (): Promise<void> => {
    freeingDue = true;
    try {
      const freed = await lock.aloneIfFree(async () => {
        // Read before the shares are: whatever is stored from here on is left alone.
        const kept = [...(await blocks.ids())];
        await catchUp();
        const unused = kept.filter((id) => !holdings.knows(id));
        if (unused.length > 0) await blocks.delete(unused);
        await shares.removeUnlisted();
        return true;
      });
      freeingDue = freed === undefined;
    } catch (cause) {
      // Room stays taken until the next time; what was asked for is done all the same.
      log.warn('unused blocks were not freed', { cause: errorText(cause) });
    }
  };

  /**
   * Deletes those of the blocks, which were a share's, that no other share has, so that there is room at once: somebody
   * who adds a share may be waiting for it. One that is added in another tab finds out what it lost when it is listed.
   */
  const freeBlocks = async (ids: Iterable<BlockId>): Promise<void> => {
    try {
      await lock.alone(async () => {
        await catchUp();
        const unused = [...ids].filter((id) => !holdings.knows(id) && !adding.claims(id));
        if (unused.length > 0) await blocks.delete(unused);
      });
    } catch (cause) {
      log.warn('the blocks of a share were not freed', { cause: errorText(cause) });
    }
  };

  /** Another tab may have listed a share or fetched hashes just now. Rejects where a share cannot be read. */
  const catchUp = async (): Promise<void> => {
    for (const { root } of await shares.list()) {
      const settled = holdings.get(root)?.metainfo?.missing.size === 0;
      if (!settled) await holdings.alone(root, () => holdings.reload(root));
    }
  };

  const changeRecord = (
    root: Root,
    change: Partial<Pick<ShareRecord, 'paused' | 'choice'>>,
  ): Promise<ShareView> =>
    holdings.alone(root, async () => {
      const record = await shares.update(root, (listed) => listed && { ...listed, ...change });
      if (!record) throw new NotFoundError('no such share');
      const share = holdings.find(root);
      share.record = record;
      await holdings.recheck(share);
      return viewOf(share);
    });

  let starting: Promise<void> | undefined;
  const start = async (): Promise<void> => {
    try {
      await holdings.ready();
    } catch (error) {
      starting = undefined;
      throw error;
    }
    void sweep();
  };
  const ready = (): Promise<void> => (starting ??= start());
  /** The same functions, each of which first waits until all is loaded. */
  const whenReady =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await ready();
      return work(...args);
    };

  let usage: Usage | undefined;
  const forgetUsage = (): void => {
    usage = undefined;
  };
  const unsubscribe = [holdings.onChange(forgetUsage), blocks.onChange(forgetUsage)];

  const intake = createIntake({ stores, holdings, clock, freeBlocks: sweep });
  const outlet = createOutlet(stores, holdings);
  const torrents = createTorrents({ stores, holdings, intake });
  const jobs = createJobs(clock);
  const supplying = createSupplying({ holdings, intake, jobs });
  const adding = createAdding({
    ...stores,
    holdings,
    jobs,
    lock,
    random,
    clock,
    freeBlocks,
    freeWhatIsDue: () => (freeingDue ? sweep() : Promise.resolve()),
  });

  return {
    shares: whenReady(() => Promise.resolve(holdings.all().map(viewOf))),
    onChange: whenReady((listener) => Promise.resolve(holdings.onChange(listener))),
    add: whenReady(adding.add),
    cancel: whenReady(jobs.cancel),
    holdUp: whenReady(jobs.holdUp),
    goOn: whenReady(jobs.goOn),
    want: whenReady(intake.want),
    setPaused: whenReady(async (root, paused) => {
      await changeRecord(root, { paused });
    }),
    choose: whenReady((root, choice) => changeRecord(root, { choice })),
    putInfo: whenReady(intake.putInfo),
    info: whenReady(outlet.info),
    putHashes: whenReady(intake.putHashes),
    hashes: whenReady(outlet.hashes),
    put: whenReady(intake.put),
    block: whenReady(outlet.block),
    read: whenReady(outlet.read),
    slice: whenReady(outlet.slice),
    torrent: whenReady(torrents.torrent),
    importTorrent: whenReady(torrents.importTorrent),
    supply: whenReady(supplying.supply),
    remove: whenReady(async (root) => {
      let ids: readonly (BlockId | undefined)[] = [];
      await holdings.alone(root, async () => {
        ids = holdings.get(root)?.metainfo?.ids ?? [];
        await shares.remove(root);
        holdings.forget(root);
      });
      await freeBlocks(ids.filter((id) => id !== undefined));
      await sweep();
    }),
    usage: whenReady(async () => {
      const ids = await blocks.ids();
      return (usage ??= { blocks: ids.size, bytes: holdings.bytesOf(ids) });
    }),
    close() {
      holdings.close();
      for (const stop of unsubscribe) stop();
    },
  };
}
