import { silentLog } from '@tabswarm/base';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import {
  clientMessage,
  newChallenge,
  serverMessage,
  SIGNALING_VERSION,
  verifyHello,
  type ClientMessage,
  type ServerMessage,
} from '@tabswarm/protocol/signaling';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createWebSocketIntroducer, type WebSocketIntroducer } from '../src/websocket-introducer.ts';

/** What the introducer uses of a WebSocket, played by the test. */
class FakeSocket extends EventTarget {
  readonly OPEN = 1;
  readyState = 1;
  binaryType = 'blob';
  readonly sent: ClientMessage[] = [];

  send(bytes: Uint8Array): void {
    this.sent.push(clientMessage.decode(bytes));
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatchEvent(new Event('close'));
  }

  say(message: ServerMessage): void {
    this.sayBytes(serverMessage.encode(message));
  }

  sayBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.dispatchEvent(new MessageEvent('message', { data: bytes.buffer.slice(0) }));
  }
}

interface Table {
  readonly clock: ManualClock;
  readonly sockets: FakeSocket[];
  readonly introducer: WebSocketIntroducer;
}

const PEER = idFromBytes<NodeId>(new Uint8Array(32).fill(5));

async function setTable(): Promise<Table> {
  const clock = createManualClock();
  const sockets: FakeSocket[] = [];
  const identity = await identityFromKeys(await generateIdentityKeys());
  const introducer = createWebSocketIntroducer(
    {
      identity,
      clock,
      random: createSeededRandom(1),
      log: silentLog,
      connect() {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket as unknown as WebSocket;
      },
    },
    { url: 'ws://localhost/signal' },
  );
  introducer.start();
  return { clock, sockets, introducer };
}

const last = <T>(items: readonly T[]): T => items.at(-1) as T;

describe('the signaling server as an introducer', () => {
  it('signs in with the key that its id is made of, and passes on the peers it is told of', async () => {
    const { clock, sockets, introducer } = await setTable();
    const told: (readonly NodeId[])[] = [];
    introducer.onPeers((peers) => told.push(peers));
    const nonce = newChallenge();
    last(sockets).say({ type: 'challenge', version: SIGNALING_VERSION, nonce });
    await clock.advance(1);
    const hello = last(last(sockets).sent);
    expect(hello.type === 'hello' && (await verifyHello(hello, nonce))).toHaveLength(64);
    expect(introducer.state.get().state).toBe('connecting');
    last(sockets).say({ type: 'welcome', peers: [PEER], iceServers: [{ urls: ['stun:localhost'] }] });
    expect(introducer.state.get().state).toBe('connected');
    expect(told).toEqual([[PEER]]);
    expect(introducer.iceServers()).toEqual([{ urls: ['stun:localhost'] }]);
  });

  it('comes back by itself, more slowly each time, and at once after a success', async () => {
    const { clock, sockets, introducer } = await setTable();
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      expect(sockets).toHaveLength(attempt);
      last(sockets).close();
      expect(introducer.state.get().state).toBe('offline');
      const least = 500 * 2 ** (attempt - 1) * 0.69;
      await clock.advance(least);
      expect(sockets).toHaveLength(attempt);
      await clock.advance(500 * 2 ** (attempt - 1) * 0.62);
    }
    last(sockets).say({ type: 'welcome', peers: [], iceServers: [] });
    const before = sockets.length;
    last(sockets).close();
    await clock.advance(700);
    expect(sockets).toHaveLength(before + 1);
  });

  it('does not ask again where it was told that its version will not do, and says so', async () => {
    const { clock, sockets, introducer } = await setTable();
    last(sockets).say({ type: 'refused', reason: 'too-old' });
    last(sockets).close();
    await clock.advance(300_000);
    expect(introducer.state.get()).toEqual({ state: 'offline', refusal: 'too-old' });
    expect(sockets).toHaveLength(1);
  });

  it('leaves a server that sends rubbish, or that never answers', async () => {
    const { clock, sockets } = await setTable();
    last(sockets).sayBytes(Uint8Array.of(1, 2, 3));
    expect(last(sockets).readyState).toBe(3);
    await clock.advance(700);
    expect(sockets).toHaveLength(2);
    await clock.advance(10_000);
    expect(last(sockets).readyState).toBe(3);
  });

  it('carries only while signed in, and says who is absent', async () => {
    const { sockets, introducer } = await setTable();
    expect(await introducer.carry(PEER, Uint8Array.of(1))).toBe(false);
    last(sockets).say({ type: 'welcome', peers: [], iceServers: [] });
    const absent: NodeId[] = [];
    introducer.onAbsent((node) => absent.push(node));
    expect(await introducer.carry(PEER, Uint8Array.of(1))).toBe(true);
    expect(last(last(sockets).sent)).toEqual({ type: 'send', to: PEER, envelope: Uint8Array.of(1) });
    last(sockets).say({ type: 'absent', to: PEER });
    expect(absent).toEqual([PEER]);
  });

  it('is quiet once stopped', async () => {
    const { clock, sockets, introducer } = await setTable();
    introducer.stop();
    await clock.advance(60_000);
    expect(sockets).toHaveLength(1);
    expect(last(sockets).readyState).toBe(3);
  });
});
