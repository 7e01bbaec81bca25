import { parseInfo } from '@tabswarm/content';
import type { Root } from '@tabswarm/protocol/ids';
import type { Stores } from '@tabswarm/store';
import type { HeldShare } from './held-share.ts';
import { addHashes, createMetainfo } from './metainfo.ts';
import { checkKey } from './open-file.ts';
import type { Shelf } from './shelf.ts';

/** Reads a share from disk onto the shelf, in the place of what was there; undefined where it is not listed. */
export async function loadShare(
  { blocks, shares }: Stores,
  shelf: Shelf,
  root: Root,
): Promise<HeldShare | undefined> {
  const [record, infoBytes, chunks, kept] = await Promise.all([
    shares.get(root),
    shares.info(root),
    shares.hashes(root),
    blocks.ids(),
  ]);
  if (!record) return undefined;
  const share: HeldShare = { root, record, keyState: 'unchecked' };
  if (infoBytes) {
    // Both were verified before they were written.
    const metainfo = createMetainfo(parseInfo(new Uint8Array(infoBytes)));
    for (const chunk of chunks) addHashes(metainfo, chunk);
    share.metainfo = metainfo;
  }
  shelf.put(share);
  // Between here and the end of the loop nothing else runs, so no block that comes or goes is missed.
  for (let index = 0; index < (share.metainfo?.info.blockCount ?? 0); index += 1)
    shelf.place(share, index, kept);
  Object.assign(share, await checkKey(blocks, share));
  return share;
}
