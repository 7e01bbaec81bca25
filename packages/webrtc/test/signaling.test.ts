import { silentLog } from '@tabswarm/base';
import { idFromBytes, type NodeId } from '@tabswarm/protocol/ids';
import { generateIdentityKeys, identityFromKeys } from '@tabswarm/protocol/identity';
import { createManualClock, createSeededRandom, type ManualClock } from '@tabswarm/testkit';
import { describe, expect, it } from 'vitest';
import { createSignaling, type Signaling } from '../src/signaling.ts';
import { FakeSocket } from './fake-socket.ts';

const A = 'wss://a.example/signal';
const B = 'wss://b.example/signal';
const PEER = idFromBytes<NodeId>(new Uint8Array(32).fill(5));
const ENVELOPE = Uint8Array.of(1);

interface Table {
  readonly clock: ManualClock;
  readonly signaling: Signaling;
  /** The latest socket to that server. */
  socket(url: string): FakeSocket;
  /** All that were ever opened. */
  readonly sockets: FakeSocket[];
}

async function setTable({ secureOnly = false } = {}): Promise<Table> {
  const clock = createManualClock();
  const sockets: FakeSocket[] = [];
  const signaling = createSignaling(
    {
      identity: await identityFromKeys(await generateIdentityKeys()),
      clock,
      random: createSeededRandom(1),
      log: silentLog,
      connect(url) {
        const socket = new FakeSocket(url);
        sockets.push(socket);
        return socket as unknown as WebSocket;
      },
    },
    { urls: [A, B, A], secureOnly },
  );
  signaling.start();
  const socket = (url: string) => sockets.findLast((one) => one.url === url) as FakeSocket;
  return { clock, signaling, sockets, socket };
}

const sends = (socket: FakeSocket) => socket.sent.filter(({ type }) => type === 'send').length;

describe('several signaling servers', () => {
  it('[SG17] is connected where one is, and tells of a refusal where nothing else is to be had', async () => {
    const { clock, signaling, socket, sockets } = await setTable();
    expect(sockets.map(({ url }) => url)).toEqual([A, B]);
    expect(signaling.state.get().state).toBe('connecting');
    socket(A).say({ type: 'refused', reason: 'too-old' });
    socket(A).close();
    expect(signaling.state.get()).toEqual({ state: 'connecting' });
    socket(B).welcome();
    expect(signaling.state.get()).toEqual({ state: 'connected' });
    await clock.advance(20_000);
    socket(B).close();
    expect(signaling.state.get()).toEqual({ state: 'offline', refusal: 'too-old' });
    await clock.advance(700);
    socket(B).welcome();
    expect(signaling.state.get().state).toBe('connected');
    signaling.stop();
    expect(signaling.state.get().state).toBe('offline');
  });

  it('[SG17] carries through all of them, and then through the one that the other side came by', async () => {
    const { signaling, socket } = await setTable();
    expect(await signaling.carry(PEER, ENVELOPE)).toBe(false);
    socket(A).welcome();
    socket(B).welcome();
    expect(await signaling.carry(PEER, ENVELOPE)).toBe(true);
    expect([sends(socket(A)), sends(socket(B))]).toEqual([1, 1]);
    socket(B).say({ type: 'deliver', from: PEER, envelope: ENVELOPE });
    await signaling.carry(PEER, ENVELOPE);
    expect([sends(socket(A)), sends(socket(B))]).toEqual([1, 2]);
    // Its way is gone: any other will do.
    socket(B).close();
    expect(await signaling.carry(PEER, ENVELOPE)).toBe(true);
    expect([sends(socket(A)), sends(socket(B))]).toEqual([2, 2]);
  });

  it('[SG17] a node is absent where all that were asked say so', async () => {
    const { signaling, socket } = await setTable();
    const absent: NodeId[] = [];
    signaling.onAbsent((node) => absent.push(node));
    socket(A).welcome();
    socket(B).welcome();
    await signaling.carry(PEER, ENVELOPE);
    socket(A).say({ type: 'absent', to: PEER });
    expect(absent).toEqual([]);
    socket(B).say({ type: 'absent', to: PEER });
    expect(absent).toEqual([PEER]);
  });

  it('passes on the peers and envelopes of each, and the STUN servers of all, each once', async () => {
    const { signaling, socket } = await setTable();
    const told: (readonly NodeId[])[] = [];
    const arrived: (NodeId | undefined)[] = [];
    signaling.onPeers((peers) => told.push(peers));
    signaling.onEnvelope(({ from }) => arrived.push(from));
    const iceServers = [{ urls: ['stun:localhost'] }];
    socket(A).say({ type: 'welcome', peers: [PEER], iceServers });
    socket(B).say({ type: 'welcome', peers: [], iceServers });
    socket(A).say({ type: 'deliver', from: PEER, envelope: ENVELOPE });
    expect(told).toEqual([[PEER], []]);
    expect(arrived).toEqual([PEER]);
    expect(signaling.iceServers()).toEqual(iceServers);
    signaling.more();
    expect([socket(A).sent.at(-1), socket(B).sent.at(-1)]).toEqual([{ type: 'more' }, { type: 'more' }]);
  });
});

describe('visiting a server that a link names', () => {
  const C = 'wss://c.example/signal';

  it('[SG20] lasts as long as anybody wants it, and a little longer', async () => {
    const { clock, signaling, socket } = await setTable();
    const [leaveOnce, leaveTwice] = [signaling.visit([C]), signaling.visit([C, A])];
    socket(C).say({ type: 'welcome', peers: [], iceServers: [{ urls: ['stun:c.example'] }] });
    expect(signaling.state.get().state).toBe('connected');
    expect(signaling.iceServers()).toEqual([]);
    expect(await signaling.carry(PEER, ENVELOPE)).toBe(true);
    leaveOnce();
    leaveOnce();
    await clock.advance(20_000);
    expect(socket(C).readyState).toBe(1);
    leaveTwice();
    await clock.advance(14_000);
    expect(socket(C).readyState).toBe(1);
    await clock.advance(1_500);
    expect(socket(C).readyState).toBe(3);
    expect(signaling.state.get().state).not.toBe('connected');
  });

  it('[SG20] is taken up again where it was about to end', async () => {
    const { clock, signaling, sockets, socket } = await setTable();
    signaling.visit([C])();
    await clock.advance(5_000);
    const leave = signaling.visit([C]);
    socket(C).welcome();
    await clock.advance(30_000);
    expect(socket(C).readyState).toBe(1);
    expect(sockets.filter(({ url }) => url === C)).toHaveLength(1);
    leave();
    signaling.stop();
    expect(socket(C).readyState).toBe(3);
  });

  it('[SG20] leaves out what the page may not connect to, what is no server, and too many', async () => {
    const { signaling, sockets } = await setTable({ secureOnly: true });
    signaling.visit(['ws://plain.example/', 'https://d.example/', 'nonsense', A]);
    expect(sockets).toHaveLength(2);
    signaling.visit(Array.from({ length: 8 }, (_, i) => `wss://server-${i}.example/`));
    expect(sockets).toHaveLength(6);
    const open = await setTable();
    open.signaling.visit(['ws://plain.example/']);
    expect(open.sockets).toHaveLength(3);
  });
});
