import type { Page } from 'playwright';

/*
 * Data channels with nothing around them, between two pages: a bulk channel on each of one or more peer connections, and
 * beside the first an ordered one on which the other page echoes what it is sent.
 */
const MESSAGE_BYTES = 64 * 1024;
/** Of all channels together. */
const HIGH_WATER_BYTES = 1024 * 1024;

interface RawWindow extends Window {
  connections: RTCPeerConnection[];
  bulk: RTCDataChannel[];
  echo: RTCDataChannel;
  /** How many have been sent. */
  echoes: number;
  received: Promise<void>;
}

/** The harness carries the descriptions, each with all its candidates. */
export async function connectRaw(sender: Page, receiver: Page, connections = 1): Promise<void> {
  for (const page of [sender, receiver]) await create(page, connections);
  for (let at = 0; at < connections; at += 1) {
    const offer = await describe(sender, at, undefined);
    const answer = await describe(receiver, at, offer);
    await sender.evaluate(
      async ([index, sdp]) => {
        const scope = globalThis as unknown as RawWindow;
        await scope.connections[index]?.setRemoteDescription({ type: 'answer', sdp });
        const channel = scope.bulk[index];
        if (channel && channel.readyState !== 'open') {
          await new Promise((resolve) => channel.addEventListener('open', resolve, { once: true }));
        }
      },
      [at, answer] as const,
    );
  }
}

/** Sends so many bytes; resolves when the other page has them all. */
export async function carryRaw(sender: Page, receiver: Page, bytes: number): Promise<void> {
  await expectBytes(receiver, bytes);
  await pump(sender, bytes);
  await receiver.evaluate(() => (globalThis as unknown as RawWindow).received);
}

/** How long a word takes there and back, in milliseconds. */
export async function echoRaw(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const scope = globalThis as unknown as RawWindow;
    const { echo } = scope;
    scope.echoes += 1;
    const nonce = scope.echoes;
    const startedAt = performance.now();
    const answered = new Promise<void>((resolve) => {
      const onMessage = ({ data }: MessageEvent<string>): void => {
        if (data !== `!${nonce}`) return;
        echo.removeEventListener('message', onMessage);
        resolve();
      };
      echo.addEventListener('message', onMessage);
    });
    echo.send(`?${nonce}`);
    await answered;
    return performance.now() - startedAt;
  });
}

async function create(page: Page, connections: number): Promise<void> {
  await page.evaluate((count) => {
    const scope = globalThis as unknown as RawWindow;
    scope.connections = Array.from({ length: count }, () => new RTCPeerConnection());
    scope.bulk = scope.connections.map((connection) => {
      const channel = connection.createDataChannel('bulk', { negotiated: true, id: 0, ordered: false });
      channel.binaryType = 'arraybuffer';
      return channel;
    });
    const [first] = scope.connections;
    if (!first) throw new Error('no connection');
    scope.echo = first.createDataChannel('echo', { negotiated: true, id: 1 });
    scope.echoes = 0;
    scope.echo.addEventListener('message', ({ data }: MessageEvent<string>) => {
      if (data.startsWith('?')) scope.echo.send(`!${data.slice(1)}`);
    });
  }, connections);
}

async function describe(page: Page, at: number, offer: string | undefined): Promise<string> {
  return page.evaluate(
    async ([index, sdp]) => {
      const connection = (globalThis as unknown as RawWindow).connections[index];
      if (!connection) throw new Error('no connection');
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
    },
    [at, offer ?? null] as const,
  );
}

async function expectBytes(receiver: Page, bytes: number): Promise<void> {
  await receiver.evaluate((total) => {
    const scope = globalThis as unknown as RawWindow;
    let left = total;
    scope.received = new Promise((resolve) => {
      for (const channel of scope.bulk) {
        channel.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
          left -= data.byteLength;
          if (left <= 0) resolve();
        });
      }
    });
  }, bytes);
}

async function pump(sender: Page, bytes: number): Promise<void> {
  await sender.evaluate(
    async ({ total, messageBytes, highWater }) => {
      const { bulk } = globalThis as unknown as RawWindow;
      const message = crypto.getRandomValues(new Uint8Array(messageBytes));
      const most = highWater / bulk.length;
      for (const channel of bulk) channel.bufferedAmountLowThreshold = most / 2;
      for (let sent = 0; sent < total; sent += messageBytes) {
        let free = bulk.find(({ bufferedAmount }) => bufferedAmount < most);
        if (!free) {
          const low = bulk.map(
            (channel) =>
              new Promise<RTCDataChannel>((resolve) => {
                channel.addEventListener('bufferedamountlow', () => resolve(channel), { once: true });
              }),
          );
          free = await Promise.race(low);
        }
        free.send(message);
      }
    },
    { total: bytes, messageBytes: MESSAGE_BYTES, highWater: HIGH_WATER_BYTES },
  );
}
