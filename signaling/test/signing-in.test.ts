import { describe, expect, it } from 'vitest';
import { answerChallenge, SIGNALING_VERSION } from '@tabswarm/protocol/signaling';
import { connect, newIdentity, signIn, startServer } from './support.ts';

const POLICY_VIOLATION = 1008;

describe('signing in', () => {
  it('[SG1] the server speaks first, with its version and a challenge that is never the same', async () => {
    const server = await startServer();
    const first = await (await connect(server)).next('challenge');
    const second = await (await connect(server)).next('challenge');
    expect(first.version).toBe(SIGNALING_VERSION);
    expect(first.nonce.byteLength).toBe(32);
    expect(first.nonce).not.toEqual(second.nonce);
  });

  it('[SG2] closes on a client that says no hello in time', async () => {
    const server = await startServer({ limits: { signInMs: 30 } });
    const silent = await connect(server);
    expect(await silent.closed).toBe(POLICY_VIOLATION);
  });

  it('[SG2] leaves alone a client that has said it', async () => {
    const server = await startServer({ limits: { signInMs: 60 } });
    const a = await signIn(server);
    const silent = await connect(server);
    await silent.closed;
    a.send({ type: 'more' });
    await a.next('peers');
  });

  it('[SG3] refuses a hello whose signature is over another challenge', async () => {
    const server = await startServer();
    const identity = await newIdentity();
    const client = await connect(server);
    const { nonce } = await client.next('challenge');
    const stale = nonce.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
    client.send(await answerChallenge(identity, stale));
    expect(await client.next('refused')).toEqual({ type: 'refused', reason: 'forged' });
    expect(await client.closed).toBe(POLICY_VIOLATION);
  });

  it("[SG3] refuses a hello with somebody else's public key", async () => {
    const server = await startServer();
    const [victim, attacker] = [await newIdentity(), await newIdentity()];
    const client = await connect(server);
    const hello = await answerChallenge(attacker, (await client.next('challenge')).nonce);
    if (hello.type !== 'hello') throw new Error('not a hello');
    client.send({ ...hello, publicKey: victim.publicKey });
    expect((await client.next('refused')).reason).toBe('forged');
  });

  it.each([
    { version: SIGNALING_VERSION - 1, reason: 'too-old' },
    { version: SIGNALING_VERSION + 1, reason: 'too-new' },
  ])('[SG4] names a version that is $reason', async ({ version, reason }) => {
    const server = await startServer();
    const client = await connect(server);
    await client.next('challenge');
    const publicKey = new Uint8Array(32);
    client.send({ type: 'hello', version, publicKey, signature: new Uint8Array(64) });
    expect((await client.next('refused')).reason).toBe(reason);
  });

  it('[SG5] tells the newcomer who is there and which ICE servers there are', async () => {
    const iceServers = [{ urls: ['stun:127.0.0.1:3478'] }];
    const server = await startServer({ iceServers });
    const a = await signIn(server);
    const b = await signIn(server);
    expect(a.welcome).toEqual({ type: 'welcome', peers: [], iceServers });
    expect(b.welcome.peers).toEqual([a.id]);
  });

  it('[SG5] tells of at most 8, of each as likely as of any other, and of others when asked again', async () => {
    const server = await startServer();
    const all = await Promise.all(Array.from({ length: 20 }, () => signIn(server)));
    const newcomer = await signIn(server);
    expect(new Set(newcomer.welcome.peers).size).toBe(8);
    const seen = new Set(newcomer.welcome.peers);
    for (let asked = 0; asked < 100 && seen.size < all.length; asked += 1) {
      newcomer.send({ type: 'more' });
      const { peers } = await newcomer.next('peers');
      expect(peers).toHaveLength(8);
      expect(peers).not.toContain(newcomer.id);
      for (const peer of peers) seen.add(peer);
    }
    expect([...seen].toSorted()).toEqual(all.map(({ id }) => id).toSorted());
  });

  it('[SG8] one socket per node: the newer replaces the older, and the older is told', async () => {
    const server = await startServer();
    const identity = await newIdentity();
    const other = await signIn(server);
    const older = await signIn(server, { identity });
    const newer = await signIn(server, { identity });
    expect((await older.next('refused')).reason).toBe('replaced');
    expect(await older.closed).toBe(POLICY_VIOLATION);
    other.send({ type: 'send', to: identity.id, envelope: Uint8Array.of(1) });
    expect((await newer.next('deliver')).from).toBe(other.id);
    other.send({ type: 'more' });
    expect((await other.next('peers')).peers).toEqual([identity.id]);
  });

  it('[SG9] refuses all but a hello before it has seen one', async () => {
    const server = await startServer();
    const client = await connect(server);
    await client.next('challenge');
    client.send({ type: 'more' });
    expect((await client.next('refused')).reason).toBe('malformed');
  });

  it('[SG9] refuses whatever is said before the hello is answered', async () => {
    const server = await startServer();
    const client = await connect(server);
    const hello = await answerChallenge(await newIdentity(), (await client.next('challenge')).nonce);
    client.send(hello);
    client.send({ type: 'more' });
    expect((await client.next('refused')).reason).toBe('malformed');
    expect(await client.closed).toBe(POLICY_VIOLATION);
    expect((await signIn(server)).welcome.peers).toEqual([]);
  });

  it('[SG9] refuses a second hello, text, and what cannot be decoded', async () => {
    const server = await startServer();
    const twice = await signIn(server);
    twice.send(await answerChallenge(twice.identity, new Uint8Array(32)));
    const text = await signIn(server);
    text.socket.send('d4:type4:moree');
    const rubbish = await signIn(server);
    rubbish.socket.send(Uint8Array.of(1, 2, 3));
    for (const client of [twice, text, rubbish]) {
      expect((await client.next('refused')).reason).toBe('malformed');
      expect(await client.closed).toBe(POLICY_VIOLATION);
    }
    expect(server.logged).toEqual([]);
  });
});
