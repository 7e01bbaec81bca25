import { silentLog, systemClock, systemRandom } from '@tabswarm/base';
import { blockHashes, encodeInfo, piecesRootOf, rootOf } from '@tabswarm/content';
import { createVault, createWebStoreLock } from '@tabswarm/node/vault';
import { idFromBytes, type BlockId } from '@tabswarm/protocol/ids';
import { createIndexedDatabase, openStores } from '@tabswarm/store';
import { afterEach, expect, it } from 'vitest';

const NAME = `tabswarm-start-${Math.random()}`;
const SHARES = 8;
const BLOCKS = 100_000;
const BLOCKS_OF_SHARE = BLOCKS / SHARES;
const WITHIN_MS = 2_000;
const PIECE_LENGTH = 256 * 1024;
/** As much as IndexedDB keeps beside the key of a value that it has put into a file of its own. */
const VALUE_BYTES = 256;
const WRITTEN_AT_ONCE = 5_000;

afterEach(() => {
  for (const kind of ['blocks', 'shares']) indexedDB.deleteDatabase(`${NAME}-${kind}`);
});

/** What a browser keeps that has so many blocks; only what the blocks hold is left out. */
async function fill(): Promise<void> {
  const database = createIndexedDatabase<ArrayBuffer>(`${NAME}-blocks`);
  const { shares, blocks } = openStores({ name: NAME });
  for (let share = 0; share < SHARES; share += 1) {
    const ids = Array.from({ length: BLOCKS_OF_SHARE }, () => idFromBytes<BlockId>(systemRandom.bytes(32)));
    for (let at = 0; at < ids.length; at += WRITTEN_AT_ONCE) {
      const some = ids.slice(at, at + WRITTEN_AT_ONCE);
      await database.setMany(some.map((id) => [id, new ArrayBuffer(VALUE_BYTES)]));
    }
    const length = BLOCKS_OF_SHARE * PIECE_LENGTH;
    const piecesRoot = piecesRootOf(ids, { length, pieceLength: PIECE_LENGTH });
    const files = [{ path: ['a'], length, piecesRoot }];
    const info = encodeInfo({ name: `${share}`, pieceLength: PIECE_LENGTH, sealed: false, files });
    const root = await rootOf(info);
    await shares.putInfo(root, info.buffer);
    await shares.putHashes(root, [{ file: 0, first: 0, hashes: blockHashes(ids) }]);
    await shares.update(root, () => ({
      root,
      visibility: 'public',
      origin: 'downloaded',
      addedAt: share,
      paused: false,
      signaling: [],
    }));
  }
  blocks.close();
  shares.close();
}

it('[ST28] has 100,000 blocks at hand within 2 s of the start', { timeout: 120_000 }, async () => {
  await fill();
  const vault = createVault({
    stores: openStores({ name: NAME }),
    lock: createWebStoreLock(navigator.locks, NAME),
    random: systemRandom,
    clock: systemClock,
    log: silentLog,
  });
  const began = performance.now();
  const views = await vault.shares();
  const usage = await vault.usage();
  const took = performance.now() - began;
  // oxlint-disable-next-line no-console -- how much room is left to the limit
  console.log(`${BLOCKS} blocks in ${SHARES} shares: ${took.toFixed(0)} ms`);
  expect(usage).toEqual({ blocks: BLOCKS, bytes: BLOCKS * PIECE_LENGTH });
  for (const { have } of views) expect(have.every((byte) => byte === 0xff || byte === 0xf0)).toBe(true);
  expect(took).toBeLessThan(WITHIN_MS);
  vault.close();
});
