import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import Tracker from 'bittorrent-tracker/server';
import { makeRandomFile } from './random-file.ts';
import { serveFiles } from './static-server.ts';
import type { Subject } from './subject.ts';

const PAGE = join(import.meta.dirname, '..', 'bench', 'pages', 'blank.html');

interface Torrent {
  readonly infoHash: string;
  readonly done: boolean;
  once(event: 'done', listener: () => void): void;
}
interface Client {
  seed(file: File, options: object, onSeed: (torrent: Torrent) => void): void;
  add(link: string, options: object): Torrent;
}
interface TorrentWindow extends Window {
  client: Client;
  benchFile: File;
}

/** WebTorrent as its browser users have it: its own bundle, its default store, a WebSocket tracker on loopback. */
export async function webTorrentSubject(): Promise<Subject> {
  const manifest = createRequire(import.meta.url).resolve('webtorrent/package.json');
  const files = await serveFiles({
    '/blank.html': PAGE,
    '/webtorrent.js': join(dirname(manifest), 'dist', 'webtorrent.min.js'),
  });
  const tracker = await startTracker();
  return {
    name: 'WebTorrent',
    async close() {
      await files.close();
      await tracker.close();
    },
    async measure(bytes, { open, timed }) {
      const [seeder, leecher] = [
        await open(`${files.url}/blank.html`),
        await open(`${files.url}/blank.html`),
      ];
      for (const page of [seeder, leecher]) {
        await page.evaluate(async (bundle) => {
          const module = (await import(bundle)) as { default: new () => Client };
          (globalThis as unknown as TorrentWindow).client = new module.default();
        }, `${files.url}/webtorrent.js`);
      }
      await makeRandomFile(seeder, bytes);
      const infoHash = await seeder.evaluate(
        (announce) =>
          new Promise<string>((resolve) => {
            const { client, benchFile } = globalThis as unknown as TorrentWindow;
            client.seed(benchFile, { announce }, (torrent) => resolve(torrent.infoHash));
          }),
        [tracker.url],
      );
      await timed(() =>
        leecher.evaluate(
          ({ hash, announce }) =>
            new Promise<void>((resolve) => {
              const { client } = globalThis as unknown as TorrentWindow;
              client.add(`magnet:?xt=urn:btih:${hash}`, { announce }).once('done', () => resolve());
            }),
          { hash: infoHash, announce: [tracker.url] },
        ),
      );
    },
  };
}

async function startTracker(): Promise<{ url: string; close: () => Promise<void> }> {
  const tracker = new Tracker({ http: true, udp: false, ws: true, stats: false });
  await new Promise<void>((resolve) => tracker.listen(0, '127.0.0.1', resolve));
  const { port } = tracker.http.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => tracker.close(resolve)),
  };
}
