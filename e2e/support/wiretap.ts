import type { Page } from 'playwright/test';

/*
 * Listens at the edge of one page: what its data channels send and receive, and what it says to the server. It can also
 * make the page misbehave. Nothing of the app is touched but the browser interfaces under it.
 */
interface Wire {
  /** Bytes that came in on bulk channels, reloads included. */
  bulkReceived: number;
  /** Flips a bit in everything that goes out on bulk channels. */
  corrupt: boolean;
  /** How many bytes may still go out on bulk channels; what is beyond waits in `held`. */
  allowance: number;
  held: { channel: RTCDataChannel; bytes: Uint8Array<ArrayBuffer> }[];
  /** Adds to the allowance. */
  allow(bytes: number): void;
  /** Keeps what passes, to be searched. */
  recording: boolean;
  passed: string[];
  channels: RTCDataChannel[];
}
interface WireWindow extends Window {
  wire: Wire;
  reportBulk(bytes: number): Promise<void>;
}

export interface Wiretap {
  bulkReceived(): Promise<number>;
  /** The same, as far as this side has heard of it: a page that crashes can be asked no more. */
  bulkReport(): number;
  corruptBulk(): Promise<void>;
  /** Lets so many bytes go out on bulk channels, and holds back what follows. */
  holdBulkAfter(bytes: number): Promise<void>;
  /** A slow uplink. */
  slowBulk(bytesPerSecond: number): Promise<void>;
  /** Lets go what is held or slowed, and all that follows. */
  releaseBulk(): Promise<void>;
  /** Says this on every open control channel. */
  inject(bytes: readonly number[]): Promise<void>;
  record(): Promise<void>;
  /** How much was recorded, and which of the needles stand in it. The server's part is always recorded. */
  search(needles: Readonly<Record<string, Buffer>>): Promise<{ bytes: number; found: readonly string[] }>;
}

/** To be called before the page is opened. */
export async function wiretap(page: Page): Promise<Wiretap> {
  const said: Buffer[] = [];
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => said.push(Buffer.from(payload)));
    socket.on('framereceived', ({ payload }) => said.push(Buffer.from(payload)));
  });
  let reported = 0;
  await page.exposeFunction('reportBulk', (bytes: number) => {
    reported += bytes;
  });
  await page.addInitScript(install);
  return {
    bulkReceived: () => page.evaluate(() => (globalThis as unknown as WireWindow).wire.bulkReceived),
    bulkReport: () => reported,
    corruptBulk: () =>
      page.evaluate(() => {
        (globalThis as unknown as WireWindow).wire.corrupt = true;
      }),
    holdBulkAfter: (bytes) =>
      page.evaluate((allowance) => {
        (globalThis as unknown as WireWindow).wire.allowance = allowance;
      }, bytes),
    slowBulk: (bytesPerSecond) =>
      page.evaluate((rate) => {
        const TICK_MS = 20;
        const { wire } = globalThis as unknown as WireWindow;
        wire.allowance = 0;
        setInterval(() => {
          // What an idle line could have carried is not made up for.
          if (wire.held.length > 0) wire.allow((rate * TICK_MS) / 1_000);
        }, TICK_MS);
      }, bytesPerSecond),
    releaseBulk: () => page.evaluate(() => (globalThis as unknown as WireWindow).wire.allow(Infinity)),
    inject: (bytes) =>
      page.evaluate((message) => {
        for (const channel of (globalThis as unknown as WireWindow).wire.channels) {
          // The ids of the two channels are part of the wire format: 0 is control, 1 is bulk.
          if (channel.id === 0 && channel.readyState === 'open') {
            channel.send(Uint8Array.from(message));
          }
        }
      }, bytes),
    record: () =>
      page.evaluate(() => {
        (globalThis as unknown as WireWindow).wire.recording = true;
      }),
    async search(needles) {
      const listed = Object.entries(needles).map(([name, bytes]) => [name, [...bytes]] as const);
      const onChannels = await page.evaluate((wanted) => {
        const { passed } = (globalThis as unknown as WireWindow).wire;
        return {
          bytes: passed.reduce((sum, message) => sum + message.length, 0),
          found: wanted
            .map(([name, bytes]) => [name, new TextDecoder('latin1').decode(Uint8Array.from(bytes))] as const)
            .filter(([, text]) => passed.some((message) => message.includes(text)))
            .map(([name]) => name),
        };
      }, listed);
      const onServer = Buffer.concat(said);
      return {
        bytes: onChannels.bytes + onServer.byteLength,
        found: [
          ...onChannels.found.map((name) => `${name} on a channel`),
          ...Object.entries(needles)
            .filter(([, bytes]) => onServer.includes(bytes))
            .map(([name]) => `${name} at the server`),
        ],
      };
    },
  };
}

/** Runs in the page, before anything else does. */
function install(): void {
  const BULK = 1;
  const MAX_CONTROL_BYTES = 16 * 1024;
  const KEPT = 'wiretap-bulk-received';
  const wire: Wire = {
    bulkReceived: Number(sessionStorage.getItem(KEPT) ?? 0),
    corrupt: false,
    allowance: Infinity,
    held: [],
    allow(bytes) {
      wire.allowance += bytes;
      for (let next = wire.held[0]; next && next.bytes.byteLength <= wire.allowance; next = wire.held[0]) {
        wire.held.shift();
        // A channel that has closed meanwhile takes no more, as on a wire.
        if (next.channel.readyState !== 'open') continue;
        wire.allowance -= next.bytes.byteLength;
        send.call(next.channel, next.bytes);
      }
    },
    recording: false,
    passed: [],
    channels: [],
  };
  (globalThis as unknown as WireWindow).wire = wire;
  addEventListener('pagehide', () => sessionStorage.setItem(KEPT, String(wire.bulkReceived)));

  // oxlint-disable-next-line unicorn/consistent-function-scoping -- the page has no outer scope to move it to
  const bytesOf = (data: unknown): Uint8Array<ArrayBuffer> => {
    if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0));
    if (ArrayBuffer.isView(data)) {
      return new Uint8Array(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    return new TextEncoder().encode(String(data));
  };
  // oxlint-disable-next-line unicorn/consistent-function-scoping -- as above
  const flipped = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    const last = bytes.byteLength - 1;
    if (last >= 0) bytes[last] = (bytes[last] ?? 0) ^ 1;
    return bytes;
  };
  const keep = (data: unknown): void => {
    if (!wire.recording) return;
    wire.passed.push(new TextDecoder('latin1').decode(bytesOf(data)));
  };

  /** A link may have further connections, on whose one channel go the same messages as on the bulk channel. */
  const lanes = new WeakSet<RTCDataChannel>();
  const carriesBulk = (channel: RTCDataChannel, bytes: number): boolean => {
    // The first of them is a full one, and longer than any on a control channel.
    if (channel.id !== BULK && bytes > MAX_CONTROL_BYTES) lanes.add(channel);
    return channel.id === BULK || lanes.has(channel);
  };

  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (this: RTCPeerConnection, ...args) {
    const channel = create.apply(this, args);
    wire.channels.push(channel);
    channel.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      keep(data);
      if (!(data instanceof ArrayBuffer) || !carriesBulk(channel, data.byteLength)) return;
      wire.bulkReceived += data.byteLength;
      void (globalThis as unknown as WireWindow).reportBulk(data.byteLength);
    });
    return channel;
  };

  const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: unknown) => void;
  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
    keep(data);
    // One that is not open refuses what it is given, as ever.
    const length = data instanceof ArrayBuffer || ArrayBuffer.isView(data) ? data.byteLength : 0;
    if (!carriesBulk(this, length) || this.readyState !== 'open') {
      send.call(this, data);
      return;
    }
    // A copy: once this returns, the app may use its buffer for the next message.
    const bytes = bytesOf(data);
    wire.held.push({ channel: this, bytes: wire.corrupt ? flipped(bytes) : bytes });
    wire.allow(0);
  };
}
