import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../src/error.ts';
import {
  CLOSE_REASONS,
  decodeControlFrame,
  encodeControlFrame,
  linkMessage,
  MAX_CONTROL_BYTES,
  MAX_PAYLOAD_BYTES,
  PROTOCOLS,
  type LinkMessage,
  type ProtocolName,
} from '../src/link.ts';
import { bytesOf, mutated } from './support.ts';

const anyProtocol = fc.constantFrom(...(Object.keys(PROTOCOLS) as ProtocolName[]));
const nonce = fc.nat(0xffff_ffff);
const lane = fc.nat(0xffff);
const anyMessage: fc.Arbitrary<LinkMessage> = fc.oneof(
  fc.record({
    type: fc.constantFrom('laneOffer' as const, 'laneAnswer' as const),
    lane,
    sdp: fc.string({ maxLength: 100 }),
  }),
  fc.record({
    type: fc.constant('laneCandidates' as const),
    lane,
    candidates: fc.string({ maxLength: 100 }),
  }),
  fc.record({ type: fc.constantFrom('laneGot' as const, 'laneEnd' as const), lane, count: nonce }),
  fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), nonce }),
  fc.record({ type: fc.constant('bye' as const), reason: fc.constantFrom(...CLOSE_REASONS) }),
);

describe('control frames', () => {
  it('give back protocol and payload, without a copy', () => {
    fc.assert(
      fc.property(anyProtocol, bytesOf({ maxLength: 100 }), (protocol, payload) => {
        const frame = encodeControlFrame({ protocol, payload });
        expect(frame[0]).toBe(PROTOCOLS[protocol]);
        const decoded = decodeControlFrame(frame);
        expect(decoded).toEqual({ protocol, payload });
        expect(decoded.payload.buffer).toBe(frame.buffer);
      }),
    );
  });

  it('[EN4] hold 16 KiB at most', () => {
    const full = encodeControlFrame({ protocol: 'dht', payload: new Uint8Array(MAX_PAYLOAD_BYTES) });
    expect(full.byteLength).toBe(MAX_CONTROL_BYTES);
    expect(MAX_CONTROL_BYTES).toBe(16 * 1024);
    expect(decodeControlFrame(full).payload.byteLength).toBe(MAX_PAYLOAD_BYTES);
    const long = { protocol: 'dht', payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) } as const;
    expect(() => encodeControlFrame(long)).toThrow(RangeError);
    expect(() => decodeControlFrame(new Uint8Array(MAX_CONTROL_BYTES + 1))).toThrow(
      expect.objectContaining({ code: 'too-large' }),
    );
  });

  it('[EN3] are refused where the protocol is unknown', () => {
    for (const frame of [[], [4], [255, 1, 2]]) {
      expect(() => decodeControlFrame(Uint8Array.from(frame))).toThrow(
        expect.objectContaining({ code: 'unknown' }),
      );
    }
  });
});

describe('messages of a link', () => {
  it('give back what was encoded', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect(linkMessage.decode(linkMessage.encode(message))).toEqual(message);
      }),
    );
  });

  it('[EN5] answer any bytes with a message or a ProtocolError', () => {
    const frames = fc.oneof(
      bytesOf({ maxLength: 140 }),
      anyMessage.chain((message) => mutated(linkMessage.encode(message))),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        try {
          linkMessage.decode(frame);
          decodeControlFrame(frame);
        } catch (cause) {
          expect(cause).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
