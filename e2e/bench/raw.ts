import { join } from 'node:path';
import { carryRaw, connectRaw } from './raw-channels.ts';
import { serveFiles } from './static-server.ts';
import type { Subject } from './subject.ts';

/** What a page gets of one channel by a loop that keeps it full, halts of a new association included. */
export const RAW = 'raw RTCDataChannel';
const PAGE = join(import.meta.dirname, '..', 'bench', 'pages', 'blank.html');

export async function rawSubject(): Promise<Subject> {
  const server = await serveFiles({ '/blank.html': PAGE });
  return {
    name: RAW,
    close: server.close,
    async measure(bytes, { open, timed }) {
      const [sender, receiver] = [
        await open(`${server.url}/blank.html`),
        await open(`${server.url}/blank.html`),
      ];
      await connectRaw(sender, receiver);
      await timed(() => carryRaw(sender, receiver, bytes));
    },
  };
}
