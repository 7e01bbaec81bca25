import type { Root, SourceFile } from '@tabswarm/node';
import { describe, expect, it } from 'vitest';
import { openTorrents } from '../src/torrent-files.ts';

const fileNamed = (name: string): SourceFile => ({ path: [name], file: new Blob([name]) });
const TORRENTS = [fileNamed('a.torrent'), fileNamed('b.torrent')];

/** A node that notes what it is asked for; supplying the share of the torrent named `failing` fails. */
function createNode(failing: string, failure: Error) {
  const asked: string[] = [];
  return {
    asked,
    async addTorrent(torrent: Blob) {
      const name = await torrent.text();
      asked.push(`add ${name}`);
      return name as Root;
    },
    supply(root: Root) {
      asked.push(`supply ${root}`);
      return root === failing ? Promise.reject(failure) : Promise.resolve(1);
    },
  };
}

describe('torrent files that come with other files', () => {
  it('are all listed before the first of them is supplied, and one that is stopped stops no other', async () => {
    const node = createNode('a.torrent', new DOMException('stopped', 'AbortError'));
    await openTorrents(node, TORRENTS, [fileNamed('c')]);
    expect(node.asked).toEqual(['add a.torrent', 'add b.torrent', 'supply a.torrent', 'supply b.torrent']);
  });

  it.each(['a.torrent', 'b.torrent'])(
    'may belong to one only, whichever that is: not to %s',
    async (other) => {
      const node = createNode(other, new Error('these are others'));
      await openTorrents(node, TORRENTS, [fileNamed('c')]);
      expect(node.asked).toEqual(['add a.torrent', 'add b.torrent', 'supply a.torrent', 'supply b.torrent']);
    },
  );

  it('say why they could not be supplied where they belong to none', async () => {
    const node = createNode('a.torrent', new Error('these are others'));
    const [only] = TORRENTS;
    await expect(openTorrents(node, only ? [only] : [], [fileNamed('c')])).rejects.toThrow(
      'these are others',
    );
  });

  it('are supplied where another of them is no torrent, which is told', async () => {
    const node = createNode('', new Error());
    const addTorrent = (torrent: Blob): Promise<Root> =>
      torrent === TORRENTS[0]?.file ? Promise.reject(new Error('no torrent')) : node.addTorrent(torrent);
    await expect(openTorrents({ ...node, addTorrent }, TORRENTS, [fileNamed('c')])).rejects.toThrow(
      'no torrent',
    );
    expect(node.asked).toEqual(['add b.torrent', 'supply b.torrent']);
  });
});
