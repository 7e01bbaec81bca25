import type { Clock, Random } from '@tabswarm/base';
import {
  blockHashes,
  blockHeight,
  encodeInfo,
  fileCipher,
  HASH_BYTES,
  parseInfo,
  piecesRootOf,
  planShare,
  rootOf,
  SHARE_KEY_BYTES,
  VerifiedBlock,
  type SharePlan,
} from '@tabswarm/content';
import { toBase64Url, type Bytes } from '@tabswarm/protocol/bytes';
import type { BlockId, Root } from '@tabswarm/protocol/ids';
import type { HashChunk, Stores } from '@tabswarm/store';
import type { SourceFile, Visibility } from '../vault.ts';
import type { JobSteps } from './jobs.ts';
import { createPipeline } from './pipeline.ts';

/** What may be read and not yet stored: one piece is read while another is hashed and a third one written. */
const IN_FLIGHT_BYTES = 24 * 1024 * 1024;
/**
 * Reading a piece of a file costs some 5 ms in other processes, however long it is: measured, 2 MiB a time are half as
 * fast as this, and twice as much a time is no faster.
 */
const READ_BYTES = 8 * 1024 * 1024;
/** Of small files so many at once, that their blocks fill several batches. */
const MAX_IN_FLIGHT_READS = 64;
/** Blocks that other tabs delete while they are being stored are stored once more; beyond that the disk is at fault. */
const MAX_ROUNDS = 3;

export interface AddCollaborators extends Stores {
  readonly random: Random;
  readonly clock: Clock;
}

/** How a share is being made, and who else has a say in it. */
export interface AddSteps extends JobSteps {
  /** Is told of each block before it is written. */
  readonly claim: (id: BlockId) => void;
  /** Runs what lists a share, while nobody deletes blocks. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>;
}

/** Hashes, seals and stores files, and then lists them as a share. */
export async function addShare(
  { blocks, shares, random, clock }: AddCollaborators,
  files: readonly SourceFile[],
  { visibility, name }: { readonly visibility: Visibility; readonly name?: string | undefined },
  steps: AddSteps,
): Promise<Root> {
  const entries = files.map(({ path, file }) => ({ path, length: file.size, type: file.type }));
  const plan = planShare(entries, { sealed: visibility === 'private', name });
  // Whether others would take the share does not depend on the hashes, so it is known before hours of hashing.
  parseInfo(infoOf(plan, () => new Uint8Array(HASH_BYTES)));

  const key = plan.sealed ? random.bytes(SHARE_KEY_BYTES) : undefined;
  const lookAt = { key, put: (block: VerifiedBlock) => blocks.put(block) };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const ids = await storeBlocks(plan, files, {
      ...lookAt,
      ...steps,
      onBytes: round === 0 ? steps.onBytes : () => undefined,
    });
    const info = infoOf(plan, (file) => piecesRootOf(ids[file] ?? [], sizeOf(plan, file)));
    const root = await rootOf(info);
    const list = async (): Promise<boolean> => {
      // A tab that removed a share with blocks in common knew nothing of this one.
      if ((await blocks.lacking(ids.flat())).length > 0) return false;
      steps.signal.throwIfAborted();
      await shares.putInfo(root, info.buffer);
      await shares.putHashes(root, hashesOf(ids));
      // Metainfo that no record lists is nobody's, and goes at the next start.
      steps.signal.throwIfAborted();
      // The same public files make the same share, which may be listed already.
      await shares.update(root, (listed) =>
        listed
          ? undefined
          : {
              root,
              visibility,
              key: key && toBase64Url(key),
              name: plan.displayName,
              origin: 'shared',
              addedAt: clock.now(),
              paused: false,
              signaling: [],
            },
      );
      return true;
    };
    if (await steps.gate.whenRoom(() => steps.alone(list))) return root;
  }
  throw new Error('blocks vanish as they are stored');
}

interface StoreOptions extends AddSteps {
  readonly key: Bytes | undefined;
  readonly put: (block: VerifiedBlock) => Promise<void>;
}

/** Answers the ids of each file's blocks. */
async function storeBlocks(
  plan: SharePlan,
  files: readonly SourceFile[],
  { key, put, signal, gate, claim, onBytes }: StoreOptions,
): Promise<BlockId[][]> {
  const { pieceLength } = plan;
  const readLength = Math.max(READ_BYTES, pieceLength);
  const pipeline = createPipeline({ room: IN_FLIGHT_BYTES, maxCount: MAX_IN_FLIGHT_READS });
  const ids: BlockId[][] = plan.files.map(() => []);

  const storeFile = async (number: number): Promise<void> => {
    const { length, entry } = sizeOf(plan, number);
    const source = entry === undefined ? new Blob([plan.manifest ?? '']) : files[entry]?.file;
    if (!source || length === 0) return;
    const cipher = key && (await fileCipher(key, number));
    const height = blockHeight(length, pieceLength);
    const storeBlock = async (offset: number, plain: Bytes): Promise<void> => {
      signal.throwIfAborted();
      const data = cipher ? await cipher.apply(offset, plain) : plain.slice().buffer;
      const block = await VerifiedBlock.of(data, { height });
      signal.throwIfAborted();
      claim(block.id);
      await gate.whenRoom(() => put(block));
      (ids[number] as BlockId[])[offset / pieceLength] = block.id;
      if (entry !== undefined) onBytes(plain.byteLength);
    };
    for (let start = 0; start < length; start += readLength) {
      const end = Math.min(start + readLength, length);
      await pipeline.push(end - start, async () => {
        await gate.pass();
        const bytes = await read(source, start, end);
        const offsets = Array.from(
          { length: Math.ceil(bytes.byteLength / pieceLength) },
          (_, i) => i * pieceLength,
        );
        await allDone(offsets.map((at) => storeBlock(start + at, bytes.subarray(at, at + pieceLength))));
      });
    }
  };

  try {
    for (const number of plan.files.keys()) await storeFile(number);
  } finally {
    // Nothing may be written any more when this ends, however it ends.
    await pipeline.drain();
  }
  signal.throwIfAborted();
  return ids;
}

async function read(source: Blob, start: number, end: number): Promise<Bytes> {
  const bytes = new Uint8Array(await source.slice(start, end).arrayBuffer());
  if (bytes.byteLength !== end - start) {
    throw new DOMException('the file changed while it was being read', 'NotReadableError');
  }
  return bytes;
}

/** As `Promise.all`, but a failure too waits until nothing runs any more. */
async function allDone(work: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(work);
  await Promise.all(work);
}

function infoOf(plan: SharePlan, piecesRoot: (file: number) => Bytes | undefined): Bytes {
  const files = plan.files.map(({ path, length }, i) => ({
    path,
    length,
    piecesRoot: length > 0 ? piecesRoot(i) : undefined,
  }));
  return encodeInfo({ name: plan.name, pieceLength: plan.pieceLength, sealed: plan.sealed, files });
}

function sizeOf(
  { files, pieceLength }: SharePlan,
  number: number,
): { length: number; pieceLength: number; entry: number | undefined } {
  const file = files[number];
  return { length: file?.length ?? 0, pieceLength, entry: file?.entry };
}

/** A file of one block has its hash in the info dictionary. */
function hashesOf(ids: readonly BlockId[][]): HashChunk[] {
  return ids.flatMap((blocks, file) =>
    blocks.length > 1 ? [{ file, first: 0, hashes: blockHashes(blocks) }] : [],
  );
}
