import { expect, it, vi } from 'vitest';
import { createSimplePeerOpener } from '../src/simple-peer-connection.ts';

it('[WR5] a link has an ordered channel with id 0 and one with id 1 that is not, known to both sides beforehand', () => {
  const make = vi.spyOn(RTCPeerConnection.prototype, 'createDataChannel');
  for (const initiator of [true, false]) {
    make.mockClear();
    const connection = createSimplePeerOpener()({
      initiator,
      iceServers: [],
      onSignal: () => undefined,
      onMade: () => undefined,
    });
    expect(make.mock.calls.map(([, options]) => options)).toEqual([
      { negotiated: true, id: 0, ordered: true },
      { negotiated: true, id: 1, ordered: false },
    ]);
    connection.close();
  }
});
