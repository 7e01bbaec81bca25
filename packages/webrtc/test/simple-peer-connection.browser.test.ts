import { afterEach, expect, it, vi } from 'vitest';
import type { Signal } from '../src/connection.ts';
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
