import { join } from 'node:path';
import type { Page } from 'playwright';
import { serveFiles } from './static-server.ts';
import type { Subject } from './subject.ts';

/** What nothing built on data channels can be faster than: one channel, and a loop that keeps it full. */
export const RAW = 'raw RTCDataChannel';
const MESSAGE_BYTES = 64 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;
const PAGE = join(import.meta.dirname, '..', 'bench', 'pages', 'blank.html');

interface RawWindow extends Window {
  connection: RTCPeerConnection;
  channel: RTCDataChannel;
  received: Promise<void>;
}

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
      await connect(sender, receiver);
      await expectBytes(receiver, bytes);
      await timed(async () => {
        await pump(sender, bytes);
        await receiver.evaluate(() => (globalThis as unknown as RawWindow).received);
      });
    },
  };
}

/** The harness carries the two descriptions, each with all its candidates. */
async function connect(sender: Page, receiver: Page): Promise<void> {
  for (const page of [sender, receiver]) {
    await page.evaluate(() => {
      const scope = globalThis as unknown as RawWindow;
      scope.connection = new RTCPeerConnection();
      scope.channel = scope.connection.createDataChannel('bulk', { negotiated: true, id: 0, ordered: false });
      scope.channel.binaryType = 'arraybuffer';
    });
  }
  const offer = await describe(sender, undefined);
  const answer = await describe(receiver, offer);
  await sender.evaluate(async (sdp) => {
    const { connection, channel } = globalThis as unknown as RawWindow;
    await connection.setRemoteDescription({ type: 'answer', sdp });
    if (channel.readyState !== 'open') {
      await new Promise((resolve) => channel.addEventListener('open', resolve, { once: true }));
    }
  }, answer);
}

async function describe(page: Page, offer: string | undefined): Promise<string> {
  return page.evaluate(async (sdp) => {
    const { connection } = globalThis as unknown as RawWindow;
    if (sdp !== null) await connection.setRemoteDescription({ type: 'offer', sdp });
    await connection.setLocalDescription();
    if (connection.iceGatheringState !== 'complete') {
      await new Promise<void>((resolve) => {
        connection.addEventListener('icegatheringstatechange', () => {
          if (connection.iceGatheringState === 'complete') resolve();
        });
      });
    }
    return connection.localDescription?.sdp ?? '';
  }, offer ?? null);
}

async function expectBytes(receiver: Page, bytes: number): Promise<void> {
  await receiver.evaluate((total) => {
    const scope = globalThis as unknown as RawWindow;
    let left = total;
    scope.received = new Promise((resolve) => {
      scope.channel.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
        left -= data.byteLength;
        if (left <= 0) resolve();
      });
    });
  }, bytes);
}

async function pump(sender: Page, bytes: number): Promise<void> {
  await sender.evaluate(
    async ({ total, messageBytes, highWater }) => {
      const { channel } = globalThis as unknown as RawWindow;
      const message = crypto.getRandomValues(new Uint8Array(messageBytes));
      channel.bufferedAmountLowThreshold = highWater / 2;
      for (let sent = 0; sent < total; sent += messageBytes) {
        if (channel.bufferedAmount >= highWater) {
          await new Promise((resolve) => {
            channel.addEventListener('bufferedamountlow', resolve, { once: true });
          });
        }
        channel.send(message);
      }
    },
    { total: bytes, messageBytes: MESSAGE_BYTES, highWater: HIGH_WATER_BYTES },
  );
}
