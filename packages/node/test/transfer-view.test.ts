import type { NodeId, Root } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import type { DownloadState } from '../src/downloads.ts';
import type { Share } from '../src/shares.ts';
import { viewTransfer } from '../src/transfer-view.ts';
import type { ShareView } from '../src/vault.ts';

const NOW = 1_000_000;
const LINKED = {
  now: NOW,
  signaling: 'connected',
  peers: 2,
  noPath: false,
  openedAt: NOW - 60_000,
  routeTo: () => 'direct' as const,
  slowly: false,
} as const;
const IDLE = { sources: [], uploads: [], receivers: [] };

function share(view: Partial<ShareView> = {}, kept = 0): Share {
  const lengths = Uint32Array.of(100, 100, 50);
  const have = new Uint8Array(1);
  const keptBytes = lengths.slice(0, kept).reduce((sum, length) => sum + length, 0);
  const complete = kept === lengths.length;
  return {
    have,
    keptBlocks: kept,
    keptBytes,
    complete,
    wanted: { files: 1, fileBytes: 200, bytes: 250, keptBytes, done: complete },
    view: {
      root: 'ab'.repeat(32) as Root,
      visibility: 'private',
      key: 'k',
      keyState: 'ok',
      name: 'a.bin',
      origin: 'downloaded',
      addedAt: 0,
      paused: false,
      signaling: [],
      have,
      metainfo: {
        pieceLength: 100,
        blockCount: 3,
        blockLengths: lengths,
        totalBytes: 250,
        files: [{ path: ['a.bin'], length: 200 }],
        missingHashes: [],
      },
      ...view,
    },
  };
}

function download(state: Partial<DownloadState> = {}): DownloadState {
  return {
    held: true,
    since: NOW,
    joinedAt: 0,
    failed: new Map(),
    sources: new Set(),
    banned: new Set(),
    ...state,
  };
}

const rowOf = (one: Share, state?: DownloadState, around: Parameters<typeof viewTransfer>[3] = LINKED) =>
  viewTransfer(one, IDLE, state, around, 'link');

describe('the row of a transfer', () => {
  it('is not complete, and offers nothing to save, before the names of a sealed share are known', () => {
    const row = rowOf(share({ keyState: 'unchecked' }, 3));
    expect(row.status.state).toBe('fetching');
    expect(row.readable).toBe(false);
    expect(rowOf(share({ keyState: 'ok' }, 3))).toMatchObject({
      status: { state: 'complete' },
      readable: true,
    });
  });

  it('shows the size of the files, and how much of all that is fetched is here', () => {
    expect(rowOf(share({}, 2))).toMatchObject({ size: 200, progress: 0.8 });
  });

  it('says why nothing moves after two seconds at the latest', () => {
    const waiting = download({ since: NOW - 2_000 });
    const asking = download({ since: NOW - 1_900 });
    expect(rowOf(share(), asking).status).toEqual({ state: 'finding', problem: undefined });
    expect(rowOf(share(), waiting).status).toMatchObject({ problem: { code: 'nobody-holds' } });
    const alone = { ...LINKED, peers: 0 };
    expect(rowOf(share(), waiting, alone).status).toMatchObject({ problem: { code: 'no-network' } });
    const failed = new Map([['cd'.repeat(32), 'no-path']]) as unknown as DownloadState['failed'];
    expect(rowOf(share(), download({ failed })).status).toMatchObject({ problem: { code: 'unreachable' } });
  });

  it('says from the beginning that what comes cannot be opened, where the link had no key', () => {
    const peer = 'cd'.repeat(32) as NodeId;
    const joined = download({ sources: new Set([peer]), joinedAt: NOW });
    const activity = { sources: [{ peer, bytes: 9, rate: 9 }], uploads: [], receivers: [] };
    const sealed = share({ key: undefined, keyState: 'missing' }, 1);
    expect(viewTransfer(sealed, activity, joined, LINKED, 'link').status).toMatchObject({
      state: 'fetching',
      problem: { code: 'no-key' },
    });
    expect(viewTransfer(share({}, 1), activity, joined, LINKED, 'link').status).toEqual({
      state: 'fetching',
    });
  });

  it('says so when the peers that are here give nothing', () => {
    const peer = 'cd'.repeat(32) as NodeId;
    const joined = download({ sources: new Set([peer]), joinedAt: NOW - 2_000 });
    const activity = { sources: [{ peer, bytes: 0, rate: 0 }], uploads: [], receivers: [] };
    const view = viewTransfer(share({}, 1), activity, joined, LINKED, 'link');
    expect(view.status).toMatchObject({ state: 'fetching', problem: { code: 'stalled' } });
    const choked = { sources: [{ peer, bytes: 0, rate: 0, choked: true }], uploads: [], receivers: [] };
    expect(viewTransfer(share({}, 1), choked, joined, LINKED, 'link').status).toMatchObject({
      state: 'fetching',
      problem: { code: 'waiting-turn' },
    });
    const slowly = viewTransfer(share({}, 1), activity, joined, { ...LINKED, slowly: true }, 'link');
    expect(slowly.status).toEqual({ state: 'fetching' });
    const busy = { sources: [{ peer, bytes: 9, rate: 9 }], uploads: [], receivers: [] };
    expect(viewTransfer(share({}, 1), busy, joined, LINKED, 'link').status).toEqual({ state: 'fetching' });
  });

  it('says that what came was damaged, that there is no path, and that another tab does it', () => {
    const banned = new Set(['cd'.repeat(32) as NodeId]);
    expect(rowOf(share(), download({ banned })).status).toMatchObject({ problem: { code: 'corrupt' } });
    const waiting = download({ since: NOW - 2_000 });
    const cut = { ...LINKED, peers: 0, noPath: true };
    expect(rowOf(share(), waiting, cut).status).toMatchObject({
      problem: { message: expect.stringContaining('no network path') },
    });
    expect(rowOf(share(), download({ held: false })).status).toEqual({ state: 'fetching', elsewhere: true });
  });

  it('tells a sharer whose browser has lost parts of it, and not to ask the sender', () => {
    const lost = rowOf(share({ origin: 'shared' }, 1), download());
    expect(lost.status).toMatchObject({ state: 'finding', problem: { code: 'evicted' } });
    const back = share({ origin: 'shared' }, 1);
    const busy = {
      sources: [{ peer: 'cd'.repeat(32) as NodeId, bytes: 9, rate: 9 }],
      uploads: [],
      receivers: [],
    };
    expect(viewTransfer(back, busy, download({ joinedAt: NOW }), LINKED, 'link').status).toEqual({
      state: 'fetching',
    });
  });

  it('tells apart a key that is wrong and one that is missing', () => {
    expect(rowOf(share({ keyState: 'wrong' }, 1))).toMatchObject({
      status: { state: 'failed' },
      readable: false,
    });
    const odd = rowOf(share({ keyState: 'unreadable' }, 3));
    expect(odd).toMatchObject({
      status: { state: 'failed', problem: { code: 'unusable' } },
      readable: false,
    });
    const held = rowOf(share({ keyState: 'missing', name: undefined }, 3));
    expect(held).toMatchObject({
      status: { state: 'complete', problem: { code: 'no-key' } },
      readable: false,
    });
    expect(held.name).toBe('Sealed share abababab');
  });

  it('keeps what stopped it in sight until it is resumed', () => {
    const problem = { code: 'disk-full', message: 'm', advice: 'a' } as const;
    expect(rowOf(share({}, 1), download({ problem })).status).toEqual({ state: 'paused', problem });
    expect(rowOf(share({ paused: true }, 1)).status).toEqual({ state: 'paused' });
  });

  it('says that it is needed also while it is not complete itself', () => {
    const receiver = {
      peer: 'cd'.repeat(32) as NodeId,
      bytes: 9,
      rate: 9,
      progress: 0.2,
      linked: true,
      receipt: undefined,
    };
    const giving = { ...IDLE, receivers: [receiver] };
    const row = viewTransfer(
      share({}, 1),
      giving,
      download({ sources: new Set(['ef' as NodeId]) }),
      LINKED,
      'l',
    );
    expect(row).toMatchObject({ status: { state: 'fetching' }, needed: 'receiving' });
    expect(rowOf(share({}, 1), download()).needed).toBeUndefined();
  });
});
