import { silentLog } from '@tabswarm/base';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { newChallenge, SIGNALING_VERSION, verifyHello } from '@tabswarm/protocol/signaling';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { FakeSocket } from './fake-socket.ts';
import { createWebSocketIntroducer, type WebSocketIntroducer } from '../src/websocket-introducer.ts';

interface Table {
  readonly clock: ManualClock;
  readonly sockets: FakeSocket[];
  readonly introducer: WebSocketIntroducer;
}

const PEER = idFromBytes<NodeId>(new Uint8Array(32).fill(5));

async function setTable(refuse?: () => never): Promise<Table> {
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
        refuse?.();
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

  it('[SG18] comes back by itself, more slowly each time, and soon after a connection that held', async () => {
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
    // A server that takes a tab in and falls over at once is not better than one that is not there.
    last(sockets).welcome();
    const before = sockets.length;
    await clock.advance(9_000);
    last(sockets).close();
    await clock.advance(20_000);
    expect(sockets).toHaveLength(before);
    await clock.advance(20_000);
    expect(sockets).toHaveLength(before + 1);
    last(sockets).welcome();
    await clock.advance(10_000);
    last(sockets).close();
    await clock.advance(700);
    expect(sockets).toHaveLength(before + 2);
  });

  it('[SG19] asks for more once a minute, and leaves a connection that has gone silent', async () => {
    const { clock, sockets, introducer } = await setTable();
    const [first] = sockets as [FakeSocket];
    first.welcome();
    await clock.advance(41_000);
    expect(first.sent).toEqual([]);
    for (let second = 41; second < 79 && first.sent.length === 0; second += 1) await clock.advance(1_000);
    expect(first.sent).toEqual([{ type: 'more' }]);
    first.say({ type: 'peers', peers: [PEER] });
    await clock.advance(8_000);
    expect(introducer.state.get().state).toBe('connected');
    first.hangs = true;
    await clock.advance(90_000);
    expect(sockets.length).toBeGreaterThan(1);
    expect(first.readyState).toBe(3);
  });

  it('woken up, tries again at once, and makes sure of a connection that looks well', async () => {
    const { clock, sockets, introducer } = await setTable();
    for (let failure = 0; failure < 8; failure += 1) {
      last(sockets).close();
      await clock.advance(40_000);
    }
    last(sockets).close();
    const before = sockets.length;
    introducer.wake();
    await clock.advance(1);
    expect(sockets).toHaveLength(before + 1);
    last(sockets).welcome();
    last(sockets).hangs = true;
    introducer.wake();
    expect(last(last(sockets).sent)).toEqual({ type: 'more' });
    await clock.advance(9_000);
    expect(sockets).toHaveLength(before + 2);
    introducer.stop();
    introducer.wake();
    await clock.advance(60_000);
    expect(sockets).toHaveLength(before + 2);
  });

  it('lives on where the browser does not let it connect, and tries again', async () => {
    let tries = 0;
    const { clock, introducer } = await setTable(() => {
      tries += 1;
      throw new DOMException('mixed content', 'SecurityError');
    });
    expect(introducer.state.get().state).toBe('offline');
    await clock.advance(700);
    expect(tries).toBe(2);
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
