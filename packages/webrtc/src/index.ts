export type { ConnectionCounts } from './census.ts';
export type { Connection, OpenConnection, Pipe, Signal } from './connection.ts';
export type { Arrival, Introducer } from './introducer.ts';
export { createSimplePeerOpener } from './simple-peer-connection.ts';
export { createWebRtcTransport, type WebRtcTransport } from './transport.ts';
export { createSignaling, type Signaling } from './signaling.ts';
export { createWebSocketIntroducer, type SignalingState } from './websocket-introducer.ts';
