import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { utf8 } from '@tabswarm/protocol/bytes';
import { idFromText, type NodeId } from '@tabswarm/protocol/ids';
import { MAX_SIGNALING_BYTES } from '@tabswarm/protocol/signaling';
import { signIn, startServer } from './support.ts';

const NOBODY = idFromText<NodeId>('0'.repeat(64));
const POLICY_VIOLATION = 1008;
const MESSAGE_TOO_BIG = 1009;

describe('carrying envelopes', () => {
  it('[SG6] delivers an envelope unchanged, with the id that its sender signed in with', async () => {
    const server = await startServer();
    const [a, b] = [await signIn(server), await signIn(server)];
    const envelope = crypto.getRandomValues(new Uint8Array(10 * 1024));
    a.send({ type: 'send', to: b.id, envelope });
    const delivered = await b.next('deliver');
    expect(delivered.from).toBe(a.id);
    expect(Buffer.compare(delivered.envelope, envelope)).toBe(0);
  });

  it('[SG6] keeps the order, and lets nobody else hear', async () => {
    const server = await startServer();
    const [a, b, c] = [await signIn(server), await signIn(server), await signIn(server)];
    for (const i of [1, 2, 3]) a.send({ type: 'send', to: b.id, envelope: Uint8Array.of(i) });
    for (const i of [1, 2, 3]) expect([...(await b.next('deliver')).envelope]).toEqual([i]);
    // The first thing that c hears is the answer to its own question.
    c.send({ type: 'more' });
    await c.next('peers');
  });

  it('[SG7] says who is absent', async () => {
    const server = await startServer();
    const a = await signIn(server);
    a.send({ type: 'send', to: NOBODY, envelope: utf8('knock') });
    expect(await a.next('absent')).toEqual({ type: 'absent', to: NOBODY });
  });

  it('[SG7] forgets who has left', async () => {
    const server = await startServer();
    const [a, b] = [await signIn(server), await signIn(server)];
    b.socket.close();
    await b.closed;
    a.send({ type: 'send', to: b.id, envelope: utf8('knock') });
    await a.next('absent');
    a.send({ type: 'more' });
    expect((await a.next('peers')).peers).toEqual([]);
    expect(await (await fetch(`${server.http}/health`)).json()).toMatchObject({ peers: 1 });
  });

  it('[SG10] closes on a message over the limit, and the others stay', async () => {
    const server = await startServer();
    const [a, b] = [await signIn(server), await signIn(server)];
    a.socket.send(new Uint8Array(MAX_SIGNALING_BYTES + 1));
    expect(await a.closed).toBe(MESSAGE_TOO_BIG);
    b.send({ type: 'more' });
    expect((await b.next('peers')).peers).toEqual([]);
  });

  it('[SG11] refuses a flood, and tells why', async () => {
    const server = await startServer({ limits: { messagesPerSecond: 1, messageBurst: 5 } });
    const a = await signIn(server);
    for (let i = 0; i < 5; i += 1) a.send({ type: 'send', to: NOBODY, envelope: utf8('x') });
    // The hello took one of the five.
    for (let i = 0; i < 4; i += 1) await a.next('absent');
    expect((await a.next('refused')).reason).toBe('too-fast');
    await a.closed;
  });

  it('[SG15] a refusal is the last word: what was sent after it is not carried', async () => {
    const server = await startServer();
    const [a, b] = [await signIn(server), await signIn(server)];
    a.socket.send('text');
    a.send({ type: 'send', to: b.id, envelope: utf8('knock') });
    a.send({ type: 'more' });
    expect((await a.next('refused')).reason).toBe('malformed');
    await expect(a.next('peers')).rejects.toThrow('the server closed');
    expect(await a.closed).toBe(POLICY_VIOLATION);
    // The first thing that b hears is the answer to its own question.
    b.send({ type: 'more' });
    expect((await b.next('peers')).peers).toEqual([]);
  });

  it('[SG11] counts pings as messages', async () => {
    const server = await startServer({ limits: { messagesPerSecond: 1, messageBurst: 5 } });
    const a = await signIn(server);
    for (let i = 0; i < 5; i += 1) a.socket.ping();
    expect((await a.next('refused')).reason).toBe('too-fast');
  });

  it('[SG13] drops a client that does not read what it is sent', async () => {
    const server = await startServer({
      limits: { maxBufferedBytes: 64 * 1024, messagesPerSecond: 1e6, messageBurst: 1e6 },
    });
    const [a, slow] = [await signIn(server), await signIn(server)];
    slow.socket.pause();
    const envelope = new Uint8Array(10 * 1024);
    const dropped = a.next('absent').then(() => 'dropped');
    let outcome: string | undefined;
    // Bounded: the system's own buffers take some megabytes before the server's begin to fill.
    for (let round = 0; round < 200 && outcome === undefined; round += 1) {
      for (let i = 0; i < 20; i += 1) a.send({ type: 'send', to: slow.id, envelope });
      outcome = await Promise.race([dropped, pause(1, undefined)]);
    }
    expect(outcome).toBe('dropped');
  });

  it('[SG14] drops a client that does not answer pings, and does not introduce it meanwhile', async () => {
    const server = await startServer({ limits: { heartbeatMs: 150, doubtMs: 0 } });
    const gone = await signIn(server, { autoPong: false });
    const a = await signIn(server);
    expect(a.welcome.peers).toEqual([gone.id]);
    await new Promise((resolve) => {
      gone.socket.once('ping', resolve);
    });
    a.send({ type: 'more' });
    expect((await a.next('peers')).peers).toEqual([]);
    await gone.closed;
    a.send({ type: 'send', to: gone.id, envelope: utf8('knock') });
    await a.next('absent');
  });

  it('[SG14] keeps a client that is silent but answers pings', async () => {
    const server = await startServer({ limits: { heartbeatMs: 20, doubtMs: 10_000 } });
    const a = await signIn(server);
    for (let pings = 0; pings < 4; pings += 1) {
      await new Promise((resolve) => {
        a.socket.once('ping', resolve);
      });
    }
    a.send({ type: 'more' });
    await a.next('peers');
  });
});
