import {
  clientMessage,
  serverMessage,
  type ClientMessage,
  type ServerMessage,
} from '@tabswarm/protocol/signaling';

/** What is used of a WebSocket, with the server played by the test. */
export class FakeSocket extends EventTarget {
  readonly OPEN = 1;
  readonly url: string;
  readyState = 1;
  binaryType = 'blob';
  /** Whether closing takes its time, as it does where the other end is gone. */
  hangs = false;
  readonly sent: ClientMessage[] = [];

  constructor(url = 'ws://localhost/signal') {
    super();
    this.url = url;
  }

  send(bytes: Uint8Array): void {
    this.sent.push(clientMessage.decode(bytes));
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    if (!this.hangs) this.dispatchEvent(new Event('close'));
  }

  say(message: ServerMessage): void {
    this.sayBytes(serverMessage.encode(message));
  }

  sayBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.dispatchEvent(new MessageEvent('message', { data: bytes.buffer.slice(0) }));
  }

  welcome(): void {
    this.say({ type: 'welcome', peers: [], iceServers: [] });
  }
}
