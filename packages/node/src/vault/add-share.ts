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
import type { HashProgress, SourceFile, Visibility } from '../vault.ts';
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
const MIN_PROGRESS_INTERVAL_MS = 50;

export interface AddCollaborators extends Stores {
  readonly random: Random;
  readonly clock: Clock;
}

/** Hashes, seals and stores files, and then lists them as a share. */
export async function addShare(
  { blocks, shares, random, clock }: AddCollaborators,
  files: readonly SourceFile[],
  { visibility, name }: { readonly visibility: Visibility; readonly name?: string | undefined },
  { signal, onProgress }: { signal: AbortSignal; onProgress: (progress: HashProgress) => void },
): Promise<Root> {
  const entries = files.map(({ path, file }) => ({ path, length: file.size, type: file.type }));
  const plan = planShare(entries, { sealed: visibility === 'private', name });
  // Whether others would take the share does not depend on the hashes, so it is known before hours of hashing.
  parseInfo(infoOf(plan, () => new Uint8Array(HASH_BYTES)));

  const key = plan.sealed ? random.bytes(SHARE_KEY_BYTES) : undefined;
  const progress = createProgress(clock, entries, onProgress);
  const ids = await storeBlocks(plan, files, {
    key,
    signal,
    put: (block) => blocks.put(block),
    progress,
  });

  const info = infoOf(plan, (file) => piecesRootOf(ids[file] ?? [], sizeOf(plan, file)));
  const root = await rootOf(info);
  await shares.putInfo(root, info.buffer);
  await shares.putHashes(root, hashesOf(ids));
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
  return root;
}

interface StoreOptions {
  readonly key: Bytes | undefined;
  readonly signal: AbortSignal;
  readonly put: (block: VerifiedBlock) => Promise<void>;
  readonly progress: (bytes: number) => void;
}

/** Answers the ids of each file's blocks. */
async function storeBlocks(
  plan: SharePlan,
  files: readonly SourceFile[],
  { key, signal, put, progress }: StoreOptions,
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
      await put(block);
      (ids[number] as BlockId[])[offset / pieceLength] = block.id;
      if (entry !== undefined) progress(plain.byteLength);
    };
    for (let start = 0; start < length; start += readLength) {
      const end = Math.min(start + readLength, length);
      await pipeline.push(end - start, async () => {
        signal.throwIfAborted();
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

function createProgress(
  clock: Clock,
  entries: readonly { readonly length: number }[],
  report: (progress: HashProgress) => void,
): (bytes: number) => void {
  const bytesTotal = entries.reduce((sum, { length }) => sum + length, 0);
  let bytesDone = 0;
  let reportedAt = -Infinity;
  return (bytes) => {
    bytesDone += bytes;
    if (bytesDone < bytesTotal && clock.now() - reportedAt < MIN_PROGRESS_INTERVAL_MS) return;
    reportedAt = clock.now();
    report({ bytesDone, bytesTotal });
  };
}
