import type { Root } from '@tabswarm/protocol/ids';
import type { SourceFile, Vault } from '../vault.ts';
import { isPrivate } from './held-share.ts';
import type { Holdings } from './holdings.ts';
import type { Intake } from './intake.ts';
import type { Jobs, JobSteps } from './jobs.ts';
import { matchFiles } from './match-files.ts';
import type { Metainfo } from './metainfo.ts';
import { createPipeline } from './pipeline.ts';

/** Reading a file costs a trip to another process; see `add-share.ts`. */
const READ_BYTES = 2 * 1024 * 1024;
/** What may be read and not yet stored. */
const IN_FLIGHT_BYTES = 8 * 1024 * 1024;
const MAX_IN_FLIGHT_READS = 64;

/** Files that are here already and need not be fetched. */
export type Supplying = Pick<Vault, 'supply'>;

export interface SupplyingCollaborators {
  readonly holdings: Holdings;
  readonly intake: Pick<Intake, 'put'>;
  readonly jobs: Jobs;
}

export function createSupplying({ holdings, intake, jobs }: SupplyingCollaborators): Supplying {
  return {
    async supply(root, files, { job: name }, onProgress) {
      const share = holdings.find(root);
      const { metainfo } = share;
      if (!metainfo || isPrivate(share)) return 0;
      const given = files.map(({ path, file }) => ({ path, length: file.size }));
      const matches = [...matchFiles(metainfo.info.files, given)].flatMap(([number, at]) => {
        const source = files[at];
        return source ? [{ number, source }] : [];
      });
      const bytesTotal = matches.reduce((sum, { source }) => sum + source.file.size, 0);
      return jobs.run({ name, bytesTotal, onProgress }, async (steps) => {
        const stop = holdings.onChange(({ type }) => {
          // Nobody would have it go on. A share that has lost blocks is told of as removed as well, and is still there.
          if (type === 'removed' && !holdings.get(root)) void jobs.cancel(name);
        });
        try {
          let taken = 0;
          for (const { number, source } of matches)
            taken += await supplyFile({ intake, root, metainfo, steps }, number, source);
          steps.signal.throwIfAborted();
          return taken;
        } finally {
          stop();
        }
      });
    },
  };
}

interface Target {
  readonly intake: Pick<Intake, 'put'>;
  readonly root: Root;
  readonly metainfo: Metainfo;
  readonly steps: JobSteps;
}

/** Answers how many bytes of the file turned out to be the share's. One that differs is not read to its end. */
async function supplyFile(
  { intake, root, metainfo: { info, ids }, steps: { gate, onBytes } }: Target,
  number: number,
  { file: source }: SourceFile,
): Promise<number> {
  const { firstBlock, length } = info.files[number] ?? { firstBlock: 0, length: 0 };
  const readLength = Math.max(READ_BYTES, info.pieceLength);
  const pipeline = createPipeline({ room: IN_FLIGHT_BYTES, maxCount: MAX_IN_FLIGHT_READS });
  let taken = 0;
  let differs = false;
  const take = async (offset: number, bytes: ArrayBuffer): Promise<void> => {
    const index = firstBlock + offset / info.pieceLength;
    const { byteLength } = bytes;
    const verdict =
      ids[index] === undefined ? 'corrupt' : await gate.whenRoom(() => intake.put(root, index, bytes));
    if (verdict === 'kept') {
      taken += byteLength;
      onBytes(byteLength);
    } else differs = true;
  };
  try {
    for (let start = 0; start < length && !differs; start += readLength) {
      const end = Math.min(start + readLength, length);
      await pipeline.push(end - start, async () => {
        await gate.pass();
        const bytes = await source.slice(start, end).arrayBuffer();
        if (bytes.byteLength !== end - start)
          throw new DOMException('the file changed while it was being read', 'NotReadableError');
        for (let at = 0; at < bytes.byteLength && !differs; at += info.pieceLength)
          await take(start + at, bytes.slice(at, at + info.pieceLength));
      });
    }
  } finally {
    await pipeline.drain();
  }
  // Of a file that differs the rest is done with.
  if (taken < length) onBytes(length - taken);
  return taken;
}
