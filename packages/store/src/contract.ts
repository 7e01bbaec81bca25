import { VerifiedBlock } from '@tabswarm/content';
import { idFromBytes, type BlockId, type Root } from '@tabswarm/protocol/ids';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BlockChange } from './block-store.ts';
import type { ShareChange, ShareRecord } from './share-store.ts';
import type { Stores } from './stores.ts';

/*
 * What the stores do, whatever they keep things in. Rule ids are those of section ST in packages/protocol/SPEC.md.
 * Runs in real time and in browsers: it uses nothing of Node, and waits for states.
 */

/** One browser with empty stores. */
export interface StoreFixture {
  /** The stores as another tab of this browser opens them. */
  openTab(): Stores;
  /** Closes what is left open and deletes what was kept. */
  stop(): Promise<void>;
}

export function describeStoreContract(name: string, make: () => Promise<StoreFixture>): void {
  describe(`${name} as a store`, () => {
    let fixture: StoreFixture;
    let here: Stores;
    let elsewhere: Stores;
    beforeEach(async () => {
      fixture = await make();
      here = fixture.openTab();
      elsewhere = fixture.openTab();
    });
    afterEach(async () => {
      for (const { blocks, shares } of [here, elsewhere]) {
        blocks.close();
        shares.close();
      }
      await fixture.stop();
    });

    describe('of blocks', () => {
      it('[ST1] keeps verified blocks and nothing else', async () => {
        const block = await blockOf(1);
        const forged = { id: block.id, data: block.data } as unknown as VerifiedBlock;
        await expect(here.blocks.put(forged)).rejects.toBeInstanceOf(TypeError);
        expect((await here.blocks.ids()).size).toBe(0);
      });

      it('[ST2] has a block on disk when put resolves', async () => {
        const block = await blockOf(1, 300_000);
        await here.blocks.put(block);
        const later = fixture.openTab();
        expect(await later.blocks.ids()).toEqual(new Set([block.id]));
        expect(new Uint8Array((await later.blocks.get(block.id)) ?? [])).toEqual(new Uint8Array(block.data));
        later.blocks.close();
        later.shares.close();
      });

      it('[ST2] gives every reader bytes of its own', async () => {
        const block = await blockOf(1);
        await here.blocks.put(block);
        const first = await here.blocks.get(block.id);
        new Uint8Array(first ?? []).fill(0);
        expect(new Uint8Array((await here.blocks.get(block.id)) ?? [])).toEqual(new Uint8Array(block.data));
      });

      it('[ST3] keeps many put at once, and one put twice once', async () => {
        const blocks = await Promise.all(Array.from({ length: 20 }, (_, i) => blockOf(i)));
        const [first] = blocks;
        if (!first) throw new Error('there are twenty');
        const told: BlockChange[] = [];
        here.blocks.onChange((change) => told.push(change));
        await Promise.all([...blocks, first, first].map((block) => here.blocks.put(block)));
        await here.blocks.put(first);
        expect([...(await here.blocks.ids())].toSorted()).toEqual(idsOf(blocks));
        expect(told.flatMap(({ ids }) => ids).toSorted()).toEqual(idsOf(blocks));
      });

      it('[ST24] tells which blocks are not on disk', async () => {
        const [kept, other] = [await blockOf(1), await blockOf(2)];
        await here.blocks.put(kept);
        expect(await here.blocks.lacking([kept.id, other.id])).toEqual([other.id]);
        await elsewhere.blocks.delete([kept.id]);
        expect(await here.blocks.lacking([kept.id])).toEqual([kept.id]);
        expect(await here.blocks.lacking([])).toEqual([]);
      });

      it('[ST5] knows nothing of a block that it does not keep', async () => {
        expect(await here.blocks.get((await blockOf(1)).id)).toBeUndefined();
        expect((await here.blocks.ids()).size).toBe(0);
      });

      it('[ST5] forgets what is deleted, and takes it in again', async () => {
        const [kept, deleted] = [await blockOf(1), await blockOf(2)];
        await Promise.all([here.blocks.put(kept), here.blocks.put(deleted)]);
        await here.blocks.delete([deleted.id]);
        expect(await here.blocks.ids()).toEqual(new Set([kept.id]));
        expect(await here.blocks.get(deleted.id)).toBeUndefined();
        expect(await here.blocks.get(kept.id)).toBeDefined();
        await here.blocks.put(deleted);
        expect(await here.blocks.get(deleted.id)).toBeDefined();
        expect(await here.blocks.ids()).toEqual(new Set([kept.id, deleted.id]));
      });

      it('[ST5] deletes in the order of the calls, also what still waits to be written', async () => {
        const block = await blockOf(1);
        await here.blocks.ids();
        const put = here.blocks.put(block);
        // Past the point where the block waits in a batch.
        await Promise.resolve();
        const deleted = here.blocks.delete([block.id]);
        await Promise.all([put, deleted]);
        expect(await here.blocks.get(block.id)).toBeUndefined();
        expect(await here.blocks.ids()).toEqual(new Set());

        const again = here.blocks.delete([block.id]);
        await Promise.all([again, here.blocks.put(block)]);
        expect(await here.blocks.get(block.id)).toBeDefined();
        expect(await here.blocks.ids()).toEqual(new Set([block.id]));
      });

      it('[ST7] tells the other tabs what comes and goes', async () => {
        const told: BlockChange[] = [];
        elsewhere.blocks.onChange((change) => told.push(change));
        const view = await elsewhere.blocks.ids();
        const block = await blockOf(1);
        await here.blocks.put(block);
        await expect.poll(() => view).toEqual(new Set([block.id]));
        expect(told).toEqual([{ type: 'kept', ids: [block.id] }]);
        expect(await elsewhere.blocks.get(block.id)).toBeDefined();
        await elsewhere.blocks.delete([block.id]);
        const own = await here.blocks.ids();
        await expect.poll(() => own).toEqual(new Set());
      });

      it('[ST7] knows what another tab wrote before and while it opened', async () => {
        const blocks = await Promise.all(Array.from({ length: 9 }, (_, i) => blockOf(i)));
        await Promise.all(blocks.slice(0, 8).map((block) => here.blocks.put(block)));
        const put = here.blocks.put(blocks[8] as VerifiedBlock);
        const view = await elsewhere.blocks.ids();
        await put;
        await expect.poll(() => [...view].toSorted()).toEqual(idsOf(blocks));
      });
    });

    describe('of shares', () => {
      it('[ST8] lists what was recorded, with every field', async () => {
        const full = { ...recordOf(1), key: 'k', name: 'n', paused: true, signaling: ['wss://a.example'] };
        await here.shares.update(full.root, () => full);
        await here.shares.update(recordOf(2).root, () => recordOf(2));
        expect(await here.shares.get(full.root)).toEqual(full);
        expect((await here.shares.list()).toSorted((a, b) => a.addedAt - b.addedAt)).toEqual([
          full,
          recordOf(2),
        ]);
        expect(await here.shares.get(recordOf(3).root)).toBeUndefined();
      });

      it('[ST9] forgets metainfo that no record lists, and no other', async () => {
        const [listed, unlisted] = [recordOf(1), recordOf(2)];
        const chunk = { file: 0, first: 0, hashes: new Uint8Array(32) };
        for (const { root } of [listed, unlisted]) {
          await here.shares.putInfo(root, new ArrayBuffer(3));
          await here.shares.putHashes(root, [chunk]);
        }
        await here.shares.update(listed.root, () => listed);
        await elsewhere.shares.removeUnlisted();
        expect(await here.shares.info(unlisted.root)).toBeUndefined();
        expect(await here.shares.hashes(unlisted.root)).toEqual([]);
        expect((await here.shares.info(listed.root))?.byteLength).toBe(3);
        expect(await here.shares.hashes(listed.root)).toEqual([chunk]);
        expect(await here.shares.list()).toEqual([listed]);
      });

      it('[ST8] changes a record as one step, from several tabs at once', async () => {
        const { root } = recordOf(1);
        await here.shares.update(root, () => ({ ...recordOf(1), addedAt: 0 }));
        const bump = (stores: Stores): Promise<unknown> =>
          stores.shares.update(root, (record) => record && { ...record, addedAt: record.addedAt + 1 });
        await Promise.all([here, elsewhere, here, elsewhere, here].map(bump));
        expect((await here.shares.get(root))?.addedAt).toBe(5);
      });

      it('[ST8] writes nothing where nothing is to change, or the change throws', async () => {
        const { root } = recordOf(1);
        expect(await here.shares.update(root, () => undefined)).toBeUndefined();
        const failing = here.shares.update(root, () => {
          throw new RangeError('no');
        });
        await expect(failing).rejects.toBeInstanceOf(RangeError);
        expect(await here.shares.list()).toEqual([]);
      });

      it('[ST9] keeps metainfo beside it, and forgets all of a share together', async () => {
        const [{ root }, other] = [recordOf(1), recordOf(2)];
        const info = Uint8Array.of(1, 2, 3).buffer;
        const chunks = [0, 1, 2].map((file) => ({ file, first: 512 * file, hashes: bytesOf(file, 64) }));
        for (const each of [root, other.root]) {
          await here.shares.putInfo(each, info);
          await here.shares.putHashes(each, chunks.slice(0, 2));
          await here.shares.putHashes(each, chunks.slice(2));
          await here.shares.update(each, () => ({ ...other, root: each }));
        }
        expect(new Uint8Array((await elsewhere.shares.info(root)) ?? [])).toEqual(new Uint8Array(info));
        const read = (await elsewhere.shares.hashes(root)).toSorted((a, b) => a.file - b.file);
        expect(read).toEqual(chunks);

        await here.shares.remove(root);
        expect(await here.shares.get(root)).toBeUndefined();
        expect(await here.shares.info(root)).toBeUndefined();
        expect(await here.shares.hashes(root)).toEqual([]);
        expect(await here.shares.list()).toEqual([other]);
        expect(await here.shares.hashes(other.root)).toHaveLength(3);
      });

      it('[ST7] tells every tab which share changed, and where', async () => {
        const told: ShareChange[] = [];
        here.shares.onChange((change) => told.push(change));
        const toldElsewhere: ShareChange[] = [];
        elsewhere.shares.onChange((change) => toldElsewhere.push(change));
        const { root } = recordOf(1);
        await here.shares.update(root, () => recordOf(1));
        await here.shares.putInfo(root, new ArrayBuffer(1));
        const chunks = [{ file: 0, first: 512, hashes: bytesOf(1, 64) }];
        await here.shares.putHashes(root, chunks);
        await here.shares.remove(root);
        const news = (where: ShareChange['where']): ShareChange[] => [
          { type: 'changed', root, where },
          { type: 'changed', root, where },
          { type: 'hashes', root, chunks, where },
          { type: 'removed', root, where },
        ];
        expect(told).toEqual(news('here'));
        await expect.poll(() => toldElsewhere).toEqual(news('elsewhere'));
      });
    });
  });
}

/** Bytes that differ for every seed below 2^16. */
function bytesOf(seed: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i === 1 ? seed >> 8 : i + seed));
}

function blockOf(seed: number, length = 40_000): Promise<VerifiedBlock> {
  return VerifiedBlock.of(bytesOf(seed, length).buffer, { height: 5 });
}

function idsOf(blocks: readonly VerifiedBlock[]): BlockId[] {
  return blocks.map(({ id }) => id).toSorted();
}

function recordOf(seed: number): ShareRecord {
  return {
    root: idFromBytes<Root>(bytesOf(seed, 32)),
    visibility: 'public',
    origin: 'downloaded',
    addedAt: seed,
    paused: false,
    signaling: [],
  };
}
