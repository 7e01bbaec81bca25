import 'fake-indexeddb/auto';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { describe, expect, it } from 'vitest';
import { openBanBook } from '../src/ban-book.ts';

describe('the book of bans', () => {
  it('keeps what was written last, for every tab of the browser', async () => {
    const node = idFromBytes<NodeId>(new Uint8Array(32).fill(6));
    const book = openBanBook({ name: 'bans-test' });
    expect(await book.all()).toEqual([]);
    await book.update((bans) => [...bans, { node, until: 7 }]);
    const other = openBanBook({ name: 'bans-test' });
    await other.update((bans) => bans.map((ban) => ({ ...ban, until: 9 })));
    expect(await book.all()).toEqual([{ node, until: 9 }]);
  });
});
