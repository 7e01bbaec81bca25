import { describe, expect, it } from 'vitest';
import { connect, signIn, startServer, upgradeStatus } from './support.ts';

const GOING_AWAY = 1001;

const from = (address: string) => ({ headers: { 'X-Forwarded-For': address } });
const at = ({ port }: { port: number }, path = '/signal') => `ws://127.0.0.1:${port}${path}`;

describe('who is let in', () => {
  it('[SG12] refuses more sockets of one address than it may have, and takes one when one has left', async () => {
    const server = await startServer({ limits: { maxSocketsOnLoopback: 2 } });
    const [a] = [await signIn(server), await signIn(server)];
    const third = await connect(server);
    expect((await third.next('refused')).reason).toBe('full');
    await third.closed;
    a.socket.close();
    await a.closed;
    await signIn(server);
  });

  it('[SG12] counts addresses behind our own proxy apart, and believes only what that proxy wrote', async () => {
    const server = await startServer({
      trustProxy: true,
      limits: { maxSocketsPerAddress: 1, maxSocketsOnLoopback: 0 },
    });
    await signIn(server, from('203.0.113.1'));
    await signIn(server, from('203.0.113.2'));
    const pretender = await connect(server, from('198.51.100.7, 203.0.113.1'));
    expect((await pretender.next('refused')).reason).toBe('full');
  });

  it('[SG12] answers 503 when the whole server is full', async () => {
    const server = await startServer({ limits: { maxSockets: 1 } });
    await signIn(server);
    expect(await upgradeStatus(at(server))).toBe(503);
    expect((await fetch(`${server.http}/health`)).status).toBe(200);
  });

  it('upgrades nowhere but at its path', async () => {
    const server = await startServer();
    expect(await upgradeStatus(at(server, '/other'))).toBe(404);
    expect(await upgradeStatus(at(server, '/signal?from=here'))).toBe(101);
  });

  it('lets in pages of every origin, or of those it is told', async () => {
    const origin = 'https://tabs.example';
    const open = await startServer();
    const choosy = await startServer({ allowedOrigins: [origin] });
    expect(await upgradeStatus(at(open), { origin: 'https://elsewhere.example' })).toBe(101);
    expect(await upgradeStatus(at(choosy), { origin })).toBe(101);
    expect(await upgradeStatus(at(choosy), { origin: 'https://elsewhere.example' })).toBe(403);
    expect(await upgradeStatus(at(choosy))).toBe(403);
  });
});

describe('starting and stopping', () => {
  it('says goodbye to everybody, frees its port, and can be started there again', async () => {
    const first = await startServer();
    const a = await signIn(first);
    await first.signaling.stop();
    expect(await a.closed).toBe(GOING_AWAY);
    const second = await startServer({ port: first.port });
    expect((await signIn(second)).welcome.peers).toEqual([]);
  });

  it('stops in bounded time although somebody does not hang up', async () => {
    const server = await startServer({ limits: { closeMs: 50 } });
    const stuck = await signIn(server);
    stuck.socket.pause();
    await server.signaling.stop();
  });

  it('starting and stopping twice is starting and stopping once', async () => {
    const server = await startServer();
    expect(await server.signaling.start()).toBe(server.port);
    await Promise.all([server.signaling.stop(), server.signaling.stop()]);
    await server.signaling.stop();
  });

  it('rejects with the reason when the port is taken', async () => {
    const { port } = await startServer();
    await expect(startServer({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
