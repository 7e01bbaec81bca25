import type { Page } from 'playwright';

/*
 * Pings as links send them, from inside a page of the app and answered by the app of another one: a control message of
 * protocol 0, bencoded. They go beside what the app itself sends, on the same data channel.
 */
interface LinkWindow extends Window {
  controlChannels: RTCDataChannel[];
  lastNonce: number;
}

/** To be called before the page is opened. */
export async function watchLinks(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const scope = globalThis as unknown as LinkWindow;
    scope.controlChannels = [];
    scope.lastNonce = 0;
    const create = RTCPeerConnection.prototype.createDataChannel;
    RTCPeerConnection.prototype.createDataChannel = function (this: RTCPeerConnection, ...args) {
      const channel = create.apply(this, args);
      // The ids of the two channels are part of the wire format: 0 is control.
      if (channel.id === 0) scope.controlChannels.push(channel);
      return channel;
    };
  });
}

/** The round trip to the only peer of the page, in milliseconds. */
export async function pingLink(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const scope = globalThis as unknown as LinkWindow;
    const channel = scope.controlChannels.find(({ readyState }) => readyState === 'open');
    if (!channel) throw new Error('the page has no link');
    scope.lastNonce += 1;
    const nonce = scope.lastNonce;
    const message = (type: string): string => `\0d5:noncei${nonce}e4:type4:${type}e`;
    const pong = message('pong');
    const startedAt = performance.now();
    const answered = new Promise<void>((resolve) => {
      const onMessage = ({ data }: MessageEvent<ArrayBuffer>): void => {
        if (data.byteLength !== pong.length || new TextDecoder('latin1').decode(data) !== pong) return;
        channel.removeEventListener('message', onMessage);
        resolve();
      };
      channel.addEventListener('message', onMessage);
    });
    channel.send(new TextEncoder().encode(message('ping')));
    await answered;
    return performance.now() - startedAt;
  });
}
