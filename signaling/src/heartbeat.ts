import type { WebSocket } from 'ws';
import type { Limits } from './limits.ts';

/** Finds out that a client is gone although nobody closed the connection: a laptop that sleeps, a lost network. */
export interface Heartbeat {
  isLive(): boolean;
  stop(): void;
}

export function startHeartbeat(
  socket: WebSocket,
  now: () => number,
  { heartbeatMs, doubtMs }: Pick<Limits, 'heartbeatMs' | 'doubtMs'>,
): Heartbeat {
  /** When the ping went out that is not answered yet. */
  let pingedAt: number | undefined;
  const heard = (): void => {
    pingedAt = undefined;
  };
  socket.on('pong', heard);
  socket.on('message', heard);
  const timer = setInterval(() => {
    if (pingedAt !== undefined) return socket.terminate();
    pingedAt = now();
    socket.ping();
  }, heartbeatMs);
  return {
    isLive: () => socket.readyState === socket.OPEN && (pingedAt === undefined || now() - pingedAt < doubtMs),
    stop: () => clearInterval(timer),
  };
}
