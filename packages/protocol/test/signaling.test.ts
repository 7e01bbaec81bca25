import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../src/error.ts';
import type { NodeId } from '../src/ids.ts';
import {
  answerChallenge,
  clientMessage,
  newChallenge,
  REFUSALS,
  serverMessage,
  verifyHello,
  type ClientMessage,
  type ServerMessage,
} from '../src/signaling.ts';
import { bytesOf, idOf, mutated, newIdentity } from './support.ts';

const exactly = (length: number) => bytesOf({ minLength: length, maxLength: length });
const envelope = bytesOf({ minLength: 1, maxLength: 300 });
const peers = fc.array(idOf<NodeId>(), { maxLength: 8 });
const word = fc.string({ maxLength: 30 });
const iceServer = fc.record(
  { urls: fc.array(word, { maxLength: 8 }), username: word, credential: word },
  { requiredKeys: ['urls'] },
);
const anyClientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record({
    type: fc.constant('hello' as const),
    version: fc.nat(0xffff),
    publicKey: exactly(32),
    signature: exactly(64),
  }),
  fc.record({ type: fc.constant('send' as const), to: idOf<NodeId>(), envelope }),
  fc.constant({ type: 'more' } as const),
);
const anyServerMessage: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({ type: fc.constant('challenge' as const), version: fc.nat(0xffff), nonce: exactly(32) }),
  fc.record({
    type: fc.constant('welcome' as const),
    peers,
    iceServers: fc.array(iceServer, { maxLength: 8 }),
  }),
  fc.record({ type: fc.constant('peers' as const), peers }),
  fc.record({ type: fc.constant('deliver' as const), from: idOf<NodeId>(), envelope }),
  fc.record({ type: fc.constant('absent' as const), to: idOf<NodeId>() }),
  fc.record({ type: fc.constant('refused' as const), reason: fc.constantFrom(...REFUSALS) }),
);

describe('messages between a tab and the signaling server', () => {
  it('give back what was encoded', () => {
    fc.assert(
      fc.property(anyClientMessage, anyServerMessage, (client, server) => {
        expect(clientMessage.decode(clientMessage.encode(client))).toEqual(client);
        expect(serverMessage.decode(serverMessage.encode(server))).toEqual(server);
      }),
    );
  });

  it('[EN5] answer any bytes with a message or a ProtocolError', () => {
    const frames = fc.oneof(
      bytesOf({ maxLength: 400 }),
      anyClientMessage.chain((message) => mutated(clientMessage.encode(message))),
      anyServerMessage.chain((message) => mutated(serverMessage.encode(message))),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        for (const codec of [clientMessage, serverMessage]) {
          try {
            codec.decode(frame);
          } catch (cause) {
            expect(cause).toBeInstanceOf(ProtocolError);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('prove who signs in, for this challenge only', async () => {
    const [alice, bob] = [await newIdentity(), await newIdentity()];
    const challenge = newChallenge();
    const hello = await answerChallenge(alice, challenge);
    if (hello.type !== 'hello') throw new Error('not a hello');
    expect(await verifyHello(hello, challenge)).toBe(alice.id);
    expect(await verifyHello(hello, newChallenge())).toBeUndefined();
    expect(await verifyHello({ ...hello, publicKey: bob.publicKey }, challenge)).toBeUndefined();
    const twisted = hello.signature.slice();
    twisted[5] = (twisted[5] as number) ^ 1;
    expect(await verifyHello({ ...hello, signature: twisted }, challenge)).toBeUndefined();
  });
});
