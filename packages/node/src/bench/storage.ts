import { silentLog, systemClock, systemRandom } from '@tabswarm/base';
import { VerifiedBlock } from '@tabswarm/content';
import { openStores, type Stores } from '@tabswarm/store';
import { addShare } from '../vault/add-share.ts';
import { createGate } from '../vault/gate.ts';
import { createVault, createWebStoreLock } from '../vault/index.ts';
import { openBareWrites } from './bare-writes.ts';

/*
 * The way of a share's bytes from the file to the disk, in parts, each next to what the browser does without us. Made
 * for a worker, where the product does it too. All figures are milliseconds.
 */
export interface StorageBench {
  /** WebCrypto's SHA-256 of the file, read as one piece: what anybody would write. */
  digest(file: Blob): Promise<number>;
  /** Reads, seals and hashes the file as for a private share, and keeps nothing. */
  hashAndSeal(file: Blob): Promise<number>;
  /** Writes so many bytes in batches, straight to IndexedDB. */
  writeBare(bytes: number): Promise<number>;
  /** Writes as many through the block store. */
  store(bytes: number): Promise<number>;
  /** From the file to the share that is listed, with all of it stored. */
  share(file: Blob): Promise<number>;
}

const NAME = 'tabswarm-bench';
const BLOCK_BYTES = 256 * 1024;
/** Height of a tree over the leaves of such a block. */
const BLOCK_HEIGHT = 4;
/** So much is made ahead and written together, untimed and timed in turns: a worker need not hold a gigabyte. */
const PORTION_BYTES = 32 * 1024 * 1024;
const WARM_UP_BYTES = 4 * 1024 * 1024;
/** What `crypto.getRandomValues` gives at once. */
const RANDOM_BYTES = 64 * 1024;

export function openStorageBench(): StorageBench {
  return {
    digest: (file) => timed(async () => crypto.subtle.digest('SHA-256', await file.arrayBuffer())),

    async hashAndSeal(file) {
      const { blocks, shares } = openStores({ name: NAME });
      const nowhere: Stores = {
        blocks: { ...blocks, put: () => Promise.resolve(), lacking: () => Promise.resolve([]) },
        shares: {
          ...shares,
          putInfo: () => Promise.resolve(),
          putHashes: () => Promise.resolve(),
          update: () => Promise.resolve(undefined),
        },
      };
      const over = new AbortController();
      const seal = (source: Blob): Promise<unknown> =>
        addShare(
          { ...nowhere, random: systemRandom, clock: systemClock },
          [{ path: ['bench.bin'], file: source }],
          { visibility: 'private' },
          {
            signal: over.signal,
            gate: createGate(() => undefined, over),
            claim: () => undefined,
            onBytes: () => undefined,
            alone: (work) => work(),
          },
        );
      // The databases are open and the code is compiled in a page that a person drops a file on.
      await seal(file.slice(0, WARM_UP_BYTES));
      return timed(() => seal(file));
    },

    async writeBare(bytes) {
      const bare = await openBareWrites(`${NAME}-bare`);
      const ms = await inPortions(bytes, (blocks) =>
        bare.write(blocks.map(({ id, data }) => [id, data] as const)),
      );
      bare.close();
      return ms;
    },

    async store(bytes) {
      const { blocks } = openStores({ name: NAME });
      await blocks.ids();
      return inPortions(bytes, (portion) => Promise.all(portion.map((block) => blocks.put(block))));
    },

    async share(file) {
      const vault = createVault({
        stores: openStores({ name: NAME }),
        lock: createWebStoreLock(navigator.locks, NAME),
        random: systemRandom,
        clock: systemClock,
        log: silentLog,
      });
      await vault.shares();
      const files = [{ path: ['bench.bin'], file }];
      return timed(() => vault.add(files, { visibility: 'private', job: 'bench' }, () => undefined));
    },
  };
}

async function inPortions(
  bytes: number,
  write: (blocks: readonly VerifiedBlock[]) => Promise<unknown>,
): Promise<number> {
  let ms = 0;
  for (let done = 0; done < bytes; done += PORTION_BYTES) {
    const count = Math.min(PORTION_BYTES, bytes - done) / BLOCK_BYTES;
    const blocks = await Promise.all(Array.from({ length: count }, randomBlock));
    ms += await timed(() => write(blocks));
  }
  return ms;
}

function randomBlock(): Promise<VerifiedBlock> {
  const data = new Uint8Array(BLOCK_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at += RANDOM_BYTES) {
    crypto.getRandomValues(data.subarray(at, at + RANDOM_BYTES));
  }
  return VerifiedBlock.of(data.buffer, { height: BLOCK_HEIGHT });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
