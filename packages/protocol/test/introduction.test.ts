import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeBencode, encodeBencode, type Bencode } from '../src/bencode.ts';
import { fromUtf8, toHex, utf8, type Bytes } from '../src/bytes.ts';
import { ProtocolError } from '../src/error.ts';
import type { Identity } from '../src/identity.ts';
import {
  envelopeRoute,
  fingerprintOf,
  INTRODUCTION_VERSION,
  MAX_CLOCK_SKEW_MS,
  MAX_DESCRIPTION_BYTES,
  MAX_RELAY_HOPS,
  openEnvelope,
  relayMessage,
  sealEnvelope,
  type EnvelopeKind,
} from '../src/introduction.ts';
import { bytesOf, mutated, newIdentity } from './support.ts';

const NOW = 1_700_000_000_000;
const FINGERPRINT = Array.from({ length: 32 }, (_, i) => (i * 7 + 1).toString(16).padStart(2, '0')).join(':');
const OTHER_FINGERPRINT = FINGERPRINT.replace('01', '02');
const description = (...fingerprints: string[]): string =>
  [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    ...fingerprints.map((value) => `a=fingerprint:sha-256 ${value.toUpperCase()}`),
    'a=setup:actpass',
    '',
  ].join('\r\n');

let alice: Identity;
let bob: Identity;
let carol: Identity;
beforeAll(async () => {
  [alice, bob, carol] = [await newIdentity(), await newIdentity(), await newIdentity()];
});

const BODIES: Record<EnvelopeKind, string> = {
  knock: '',
  accept: '',
  decline: 'full',
  offer: description(FINGERPRINT),
  answer: description(FINGERPRINT),
  candidate: '{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host"}',
};
const KINDS = Object.keys(BODIES) as EnvelopeKind[];

function seal(kind: EnvelopeKind, body = BODIES[kind]): Promise<Bytes> {
  const session = new Uint8Array(16).fill(9);
  return sealEnvelope(alice, { kind, to: bob.id, session, time: NOW, body: utf8(body) });
}

/** The envelope with one field as given, as somebody on the way could change it. */
function changed(raw: Bytes, field: string, value: Bencode): Bytes {
  const fields = new Map(decodeBencode(raw) as Map<string, Bencode>);
  fields.set(field, value);
  return encodeBencode(fields);
}

async function codeOf(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
    return 'opened';
  } catch (cause) {
    return cause instanceof ProtocolError ? cause.code : `not a ProtocolError: ${String(cause)}`;
  }
}

async function digestOf(raw: Bytes): Promise<string> {
  return (await envelopeRoute(raw)).digest;
}

describe('envelopes', () => {
  it.each(KINDS)('[IN1] of the kind %s are opened as they were sealed', async (kind) => {
    const opened = await openEnvelope(await seal(kind), bob.id, NOW);
    expect(opened).toMatchObject({
      version: INTRODUCTION_VERSION,
      kind,
      from: alice.id,
      to: bob.id,
      time: NOW,
    });
    expect(opened.publicKey).toEqual(alice.publicKey);
    expect(opened.session).toEqual(new Uint8Array(16).fill(9));
    expect(fromUtf8(opened.body)).toBe(BODIES[kind]);
  });

  it.each(KINDS)('[IN1] of the kind %s are refused where anything signed was changed', async (kind) => {
    const raw = await seal(kind);
    expect(await codeOf(openEnvelope(changed(raw, 'time', NOW + 1), bob.id, NOW))).toBe('forged');
    expect(await codeOf(openEnvelope(changed(raw, 'version', INTRODUCTION_VERSION + 1), bob.id, NOW))).toBe(
      'forged',
    );
    expect(await codeOf(openEnvelope(changed(raw, 'session', new Uint8Array(16)), bob.id, NOW))).toBe(
      'forged',
    );
    const signature = new Uint8Array(64);
    expect(await codeOf(openEnvelope(changed(raw, 'signature', signature), bob.id, NOW))).toBe('forged');
    // Offers and answers hold fingerprints and the others do not, so only kinds of one sort can take another's place.
    const described = kind === 'offer' || kind === 'answer';
    for (const other of KINDS) {
      if (other === kind || (other === 'offer' || other === 'answer') !== described) continue;
      expect(await codeOf(openEnvelope(changed(raw, 'kind', utf8(other)), bob.id, NOW))).toBe('forged');
    }
  });

  it('[IN2] are refused with another fingerprint, with none, or with two', async () => {
    for (const kind of ['offer', 'answer'] as const) {
      const raw = await seal(kind);
      const withBody = (...fingerprints: string[]) =>
        codeOf(openEnvelope(changed(raw, 'body', utf8(description(...fingerprints))), bob.id, NOW));
      expect(await withBody(FINGERPRINT)).toBe('opened');
      expect(await withBody(OTHER_FINGERPRINT)).toBe('forged');
      expect(await withBody()).toBe('malformed');
      expect(await withBody(FINGERPRINT, OTHER_FINGERPRINT)).toBe('malformed');
      expect(await withBody(OTHER_FINGERPRINT, FINGERPRINT)).toBe('malformed');
      await expect(seal(kind, description())).rejects.toBeInstanceOf(ProtocolError);
    }
  });

  it('[IN2] find the fingerprint whatever its letter case, and take no other hash', () => {
    const bytes = FINGERPRINT.replaceAll(':', '');
    expect(toHex(fingerprintOf(description(FINGERPRINT)))).toBe(bytes);
    expect(toHex(fingerprintOf(description(FINGERPRINT, FINGERPRINT.toLowerCase())))).toBe(bytes);
    expect(toHex(fingerprintOf(`A=FINGERPRINT:SHA-256 ${FINGERPRINT}\n`))).toBe(bytes);
    for (const line of [
      'a=fingerprint:sha-1 00:11:22',
      `a=fingerprint:sha-512 ${FINGERPRINT}`,
      `a=fingerprint:sha-256 ${FINGERPRINT}:00`,
      `a=fingerprint:sha-256 ${FINGERPRINT.slice(3)}`,
      `a=fingerprint:sha-256 ${FINGERPRINT}\r\na=fingerprint:sha-1 00:11:22`,
      `x a=fingerprint:sha-256 ${FINGERPRINT}`,
    ]) {
      expect(() => fingerprintOf(line)).toThrow(ProtocolError);
    }
  });

  it('[IN3] are opened by the node that they are for, and by no other', async () => {
    const raw = await seal('knock');
    expect(await codeOf(openEnvelope(raw, carol.id, NOW))).toBe('malformed');
    const sent = await sealEnvelope(alice, {
      kind: 'knock',
      to: carol.id,
      session: new Uint8Array(16),
      time: NOW,
      body: utf8(''),
    });
    const to = (decodeBencode(raw) as Map<string, Bencode>).get('to') as Bytes;
    expect(await codeOf(openEnvelope(changed(sent, 'to', to), bob.id, NOW))).toBe('forged');
  });

  it('[IN4] are refused more than a minute before or after their time', async () => {
    expect(MAX_CLOCK_SKEW_MS).toBe(60_000);
    const raw = await seal('knock');
    expect(await codeOf(openEnvelope(raw, bob.id, NOW + MAX_CLOCK_SKEW_MS))).toBe('opened');
    expect(await codeOf(openEnvelope(raw, bob.id, NOW - MAX_CLOCK_SKEW_MS))).toBe('opened');
    expect(await codeOf(openEnvelope(raw, bob.id, NOW + MAX_CLOCK_SKEW_MS + 1))).toBe('malformed');
    expect(await codeOf(openEnvelope(raw, bob.id, NOW - MAX_CLOCK_SKEW_MS - 1))).toBe('malformed');
  });

  it('[IN5] are refused with the key of somebody else', async () => {
    for (const kind of KINDS) {
      const raw = changed(await seal(kind), 'from', carol.publicKey);
      expect(await codeOf(openEnvelope(raw, bob.id, NOW))).toBe('forged');
    }
    // Whoever signs for himself speaks for himself.
    const own = await sealEnvelope(carol, {
      kind: 'knock',
      to: bob.id,
      session: new Uint8Array(16),
      time: NOW,
      body: utf8(''),
    });
    expect((await openEnvelope(own, bob.id, NOW)).from).toBe(carol.id);
  });

  it('[IN6] bind the reason of a decline, and no candidate', async () => {
    const decline = await seal('decline');
    expect(await codeOf(openEnvelope(changed(decline, 'body', utf8('busy')), bob.id, NOW))).toBe('forged');
    const candidate = await seal('candidate');
    expect(await codeOf(openEnvelope(changed(candidate, 'body', utf8('{}')), bob.id, NOW))).toBe('opened');
  });

  it('[IN7] hold so much and no more, and are carried so far and no farther', async () => {
    const full = await seal('candidate', 'x'.repeat(MAX_DESCRIPTION_BYTES));
    expect(await codeOf(openEnvelope(full, bob.id, NOW))).toBe('opened');
    const long = changed(full, 'body', utf8('x'.repeat(MAX_DESCRIPTION_BYTES + 1)));
    expect(await codeOf(openEnvelope(long, bob.id, NOW))).toBe('malformed');
    expect(await codeOf(openEnvelope(new Uint8Array(10 * 1024 + 1), bob.id, NOW))).toBe('too-large');
    const relayed = relayMessage.encode({ hops: MAX_RELAY_HOPS, envelope: full });
    expect(relayMessage.decode(relayed)).toEqual({ hops: MAX_RELAY_HOPS, envelope: full });
    const tooFar = relayMessage.encode({ hops: MAX_RELAY_HOPS + 1, envelope: full });
    expect(() => relayMessage.decode(tooFar)).toThrow(ProtocolError);
  });

  it('tell those who carry them where they go, and one from another', async () => {
    const [knock, accept] = [await seal('knock'), await seal('accept')];
    const route = await envelopeRoute(knock);
    expect(route).toMatchObject({ from: alice.id, to: bob.id });
    expect((await envelopeRoute(knock)).digest).toBe(route.digest);
    expect((await envelopeRoute(accept)).digest).not.toBe(route.digest);
  });

  it.each(KINDS)('[IN10] of the kind %s are refused with fields that are not signed', async (kind) => {
    const added = changed(await seal(kind), 'zzz', utf8('1'));
    expect(await codeOf(envelopeRoute(added))).toBe('malformed');
    expect(await codeOf(openEnvelope(added, bob.id, NOW))).toBe('malformed');
  });

  it('[IN10] are the same one to those who carry them, whatever was changed that is not signed', async () => {
    for (const kind of ['offer', 'answer'] as const) {
      const raw = await seal(kind);
      const body = utf8(`${BODIES[kind]}a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n`);
      expect(await digestOf(changed(raw, 'body', body))).toBe(await digestOf(raw));
      expect(await digestOf(changed(raw, 'time', NOW + 1))).not.toBe(await digestOf(raw));
    }
    // Of one moment there may be several of these.
    expect(await digestOf(await seal('candidate', '[1]'))).not.toBe(
      await digestOf(await seal('candidate', '[2]')),
    );
    // Fields of a newer version do not make another one of it either.
    const newer = changed(await seal('knock'), 'version', INTRODUCTION_VERSION + 1);
    expect(await digestOf(changed(newer, 'zzz', utf8('1')))).toBe(await digestOf(newer));
  });

  it.each(KINDS)('[IN8] of the kind %s show those who carry them whether they were changed', async (kind) => {
    const raw = await seal(kind);
    expect(await (await envelopeRoute(raw)).isAuthentic()).toBe(true);
    for (const forged of [changed(raw, 'time', NOW + 1), changed(raw, 'from', carol.publicKey)]) {
      expect(await (await envelopeRoute(forged)).isAuthentic()).toBe(false);
    }
  });

  it('[IN8] are not carried with a body that nobody reads, or an offer of nothing', async () => {
    for (const kind of ['knock', 'accept'] as const) {
      expect(await codeOf(envelopeRoute(changed(await seal(kind), 'body', utf8('a message'))))).toBe(
        'malformed',
      );
    }
    const offer = changed(await seal('offer'), 'body', utf8('a message'));
    expect(await codeOf(envelopeRoute(offer))).toBe('malformed');
  });

  it('[EN5] answer any bytes with an envelope or a ProtocolError, and accept none that was changed', async () => {
    const raws = await Promise.all(KINDS.map((kind) => seal(kind)));
    const frames = fc.oneof(
      bytesOf({ maxLength: 400 }),
      fc.constantFrom(...raws).chain((raw) => mutated(raw)),
    );
    await fc.assert(
      fc.asyncProperty(frames, async (frame) => {
        const code = await codeOf(openEnvelope(frame, bob.id, NOW));
        expect(code).not.toMatch(/^not a ProtocolError/);
        if (code !== 'opened') return;
        const { kind, from, to } = await openEnvelope(frame, bob.id, NOW);
        expect([from, to]).toEqual([alice.id, bob.id]);
        // All but the parts of a session description and candidates that nothing hangs on.
        const free = kind === 'offer' || kind === 'answer' || kind === 'candidate';
        if (!free) expect(raws.map(toHex)).toContain(toHex(frame));
      }),
      { numRuns: 1_000 },
    );
  });
});
