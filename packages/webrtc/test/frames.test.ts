import {
  decodeControlFrame,
  encodeControlFrame,
  MAX_PAYLOAD_BYTES,
  type ProtocolName,
} from '@tabswarm/protocol/link';
import { describe, expect, it } from 'vitest';

describe('messages on the control channel', () => {
  it('[WR5] begin with one byte for their protocol, and have at most 16 KiB with it', () => {
    const bytes: Readonly<Record<ProtocolName, number>> = { link: 0, dht: 1, swarm: 2, introduction: 3 };
    for (const [name, byte] of Object.entries(bytes)) {
      const protocol = name as ProtocolName;
      const frame = encodeControlFrame({ protocol, payload: Uint8Array.of(7, 8) });
      expect([...frame]).toEqual([byte, 7, 8]);
      expect(decodeControlFrame(frame)).toEqual({ protocol, payload: Uint8Array.of(7, 8) });
    }
    const largest = encodeControlFrame({ protocol: 'swarm', payload: new Uint8Array(MAX_PAYLOAD_BYTES) });
    expect(largest.byteLength).toBe(16 * 1024);
    const payload = new Uint8Array(MAX_PAYLOAD_BYTES + 1);
    expect(() => encodeControlFrame({ protocol: 'swarm', payload })).toThrow(RangeError);
    expect(() => decodeControlFrame(new Uint8Array(16 * 1024 + 1))).toThrow(/16 KiB/);
    expect(() => decodeControlFrame(Uint8Array.of(9, 1))).toThrow(/unknown protocol/);
    expect(() => decodeControlFrame(new Uint8Array())).toThrow(/unknown protocol/);
  });
});
