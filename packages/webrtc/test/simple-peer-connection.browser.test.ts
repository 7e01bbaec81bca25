import { afterEach, expect, it, vi } from 'vitest';
import type { Connection, Signal } from '../src/connection.ts';
import { createSimplePeerOpener } from '../src/simple-peer-connection.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('[WR1] an offer is made without waiting for a timer, which in a hidden tab runs once a second', async () => {
  vi.stubGlobal('setTimeout', () => 0);
  const connections: { close(): void }[] = [];
  const first = await new Promise<Signal>((resolve) => {
    connections.push(
      createSimplePeerOpener()({
        initiator: true,
        iceServers: [],
        onSignal: resolve,
        onMade: () => undefined,
      }),
    );
  });
  for (const connection of connections) connection.close();
  expect(first).toMatchObject({ type: 'offer', sdp: expect.stringContaining('m=application') });
});

const onMade = (): void => undefined;

/** Two connections of this page with one another, whose channels are open. */
async function connectPair(): Promise<readonly [Connection, Connection]> {
  const open = createSimplePeerOpener();
  // Nothing is signalled before both are here: simple-peer offers in a microtask.
  const pair: [Connection, Connection] = [
    open({ initiator: true, iceServers: [], onSignal: (signal) => pair[1].signal(signal), onMade }),
    open({ initiator: false, iceServers: [], onSignal: (signal) => pair[0].signal(signal), onMade }),
  ];
  await Promise.all(pair.map(({ opened }) => opened));
  return pair;
}

it.each(['control', 'bulk'] as const)(
  'keeps what came on the %s channel before anybody listened',
  async (name) => {
    const [one, other] = await connectPair();
    one[name].send(Uint8Array.of(1));
    await vi.waitFor(() => expect(one[name].buffered()).toBe(0));
    // Another message on the same way shows that the first has come, whether it was kept or not.
    const later = new Promise<void>((resolve) => {
      other[name === 'control' ? 'bulk' : 'control'].onMessage(() => resolve());
    });
    one[name === 'control' ? 'bulk' : 'control'].send(Uint8Array.of(0));
    await later;
    const messages: number[] = [];
    const third = new Promise<void>((resolve) => {
      other[name].onMessage((message) => {
        messages.push(...message);
        if (messages.length === 2) resolve();
      });
    });
    one[name].send(Uint8Array.of(2));
    await third;
    one.close();
    other.close();
    expect(new Set(messages)).toEqual(new Set([1, 2]));
  },
);
