import type { Clock } from '@tabswarm/base';
import { decodeInfo, SHARE_KEY_BYTES, verifyBlock, verifyRange, WrongKeyError } from '@tabswarm/content';
import { fromBase64Url } from '@tabswarm/protocol/bytes';
import type { ShareRecord, Stores } from '@tabswarm/store';
import type { Vault } from '../vault.ts';
import { getBit } from './bitmap.ts';
import { NotFoundError } from './errors.ts';
import { isPrivate, viewOf, type HeldShare } from './held-share.ts';
import type { Holdings } from './holdings.ts';
import { createMetainfo, expectedBlock } from './metainfo.ts';

/** More hints than any link has; they gather as a share is pasted from several. */
const MAX_SIGNALING_URLS = 16;

/** What a download is made of: the share wanted, its metainfo, and block after block. */
export type Intake = Pick<Vault, 'want' | 'putInfo' | 'putHashes' | 'put'>;

export interface IntakeCollaborators {
  readonly stores: Stores;
  readonly holdings: Holdings;
  readonly clock: Clock;
  /** Deletes blocks that no share has. */
  readonly freeBlocks: () => Promise<void>;
}

type Wanted = Parameters<Vault['want']>[0];

export function createIntake({ stores, holdings, clock, freeBlocks }: IntakeCollaborators): Intake {
  const { blocks, shares } = stores;

  return {
    want: (wanted) =>
      holdings.alone(wanted.root, async () => {
        if (wanted.key !== undefined) checkKeyText(wanted.key);
        const held = holdings.get(wanted.root);
        const keepKey = held?.keyState === 'ok' || held?.keyState === 'unreadable';
        const record = await shares.update(wanted.root, (listed) =>
          listed ? merged(listed, wanted, keepKey) : newRecord(wanted, clock.now()),
        );
        if (held && record) {
          held.record = record;
          await holdings.recheck(held);
        } else if (!held) {
          await holdings.reload(wanted.root);
        }
        return viewOf(holdings.find(wanted.root));
      }),

    putInfo: (root, bytes) =>
      holdings.alone(root, async () => {
        const share = holdings.find(root);
        if (share.metainfo) return viewOf(share);
        const info = await decodeInfo(new Uint8Array(bytes), root);
        await shares.putInfo(root, bytes);
        share.metainfo = createMetainfo(info);
        await holdings.placeBlocks(share, [...share.metainfo.ids.keys()]);
        await holdings.recheck(share);
        return viewOf(share);
      }),

    putHashes: (root, range, answer) =>
      holdings.alone(root, async () => {
        const share = holdings.find(root);
        const { metainfo } = share;
        if (!metainfo) throw new NotFoundError('the info dictionary of this share is not known yet');
        const hashes = verifyRange(metainfo.info, range, new Uint8Array(answer));
        const chunk = { file: range.file, first: range.first, hashes };
        await shares.putHashes(root, [chunk]);
        return (await holdings.takeHashes(share, [chunk])) ? viewOf(share) : undefined;
      }),

    async put(root, index, bytes, ticket) {
      const { metainfo } = holdings.find(root);
      const expected = metainfo && expectedBlock(metainfo, index);
      if (!expected) throw new NotFoundError('the hash of this block is not known');
      if (getBit(metainfo.have, index)) return 'kept';
      const block = await verifyBlock(bytes, expected);
      if (!block) return 'corrupt';
      if (ticket !== undefined) holdings.tellVerified(ticket);
      await blocks.put(block);
      const share = holdings.get(root);
      if (!share) await freeBlocks();
      // The manifest's last block sets off the check of the key: whoever waits for the block waits for that as well.
      else if (completesManifest(share, index)) await holdings.alone(root, () => Promise.resolve());
      return 'kept';
    },
  };
}

function newRecord({ root, key, name, signaling, choice }: Wanted, now: number): ShareRecord {
  return {
    root,
    visibility: key === undefined ? 'public' : 'private',
    key,
    name,
    origin: 'downloaded',
    addedAt: now,
    paused: false,
    signaling: signaling.slice(0, MAX_SIGNALING_URLS),
    choice,
  };
}

/** The record with what the link adds; undefined where it adds nothing. */
function merged(listed: ShareRecord, wanted: Wanted, keepKey: boolean): ShareRecord | undefined {
  const key = keepKey ? listed.key : (wanted.key ?? listed.key);
  const name = listed.name ?? wanted.name;
  const signaling = [...new Set([...listed.signaling, ...wanted.signaling])].slice(0, MAX_SIGNALING_URLS);
  const same = key === listed.key && name === listed.name && signaling.length === listed.signaling.length;
  if (same) return undefined;
  return { ...listed, key, name, signaling, visibility: key === undefined ? listed.visibility : 'private' };
}

function checkKeyText(key: string): void {
  if (key.length !== Math.ceil((SHARE_KEY_BYTES * 8) / 6) || !isBase64Url(key))
    throw new WrongKeyError('this is not a key');
}

function isBase64Url(text: string): boolean {
  try {
    return fromBase64Url(text).byteLength === SHARE_KEY_BYTES;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function completesManifest(share: HeldShare, index: number): boolean {
  return isPrivate(share) && index < (share.metainfo?.info.files[0]?.blockCount ?? 0);
}
