import 'fake-indexeddb/auto';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { openPeerBook } from '../src/peer-book.ts';

describe('the book of peers', () => {
  it('keeps what was written last, for every tab of the browser', async () => {
    const id = idFromBytes<NodeId>(new Uint8Array(32).fill(5));
    const book = openPeerBook({ name: 'peers-test' });
    expect(await book.all()).toEqual([]);
    await book.update((peers) => [...peers, { id, linkedMs: 5, seenAt: 7 }]);
    const other = openPeerBook({ name: 'peers-test' });
    await other.update((peers) => peers.map((peer) => ({ ...peer, linkedMs: 9 })));
    expect(await book.all()).toEqual([{ id, linkedMs: 9, seenAt: 7 }]);
  });
});
